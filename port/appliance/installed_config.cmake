# Makes the configuration of an installed server: the sample, with its own places for what it writes.
# cmake -DINPUT=… -DOUTPUT=… -P installed_config.cmake
file(READ ${INPUT} text)
foreach(setting
    "store|path|/var/lib/tipring/tipring.db"
    "admin|socket|/run/tipring/tipring.sock"
    "auth|nonce_key_file|/var/lib/tipring/nonce.key")
  string(REPLACE "|" ";" setting "${setting}")
  list(POP_FRONT setting section key value)
  string(REGEX MATCHALL "\n#${key} = \"[^\n]*\"\n" found "${text}")
  list(LENGTH found count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "${INPUT}: ${section}.${key} is there ${count} times")
  endif()
  string(REPLACE "${found}" "\n${key} = \"${value}\"\n" text "${text}")
endforeach()
# The page: encrypted, and shut by its one-time code until there is an administrator.
string(REGEX MATCHALL "\n#listen = \\[\\]\n" found "${text}")
list(LENGTH found count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "${INPUT}: admin.listen is there ${count} times")
endif()
string(REPLACE "${found}" "\nlisten = [\"https://0.0.0.0:8443\", \"https://[::]:8443\"]\n" text "${text}")
file(WRITE ${OUTPUT} "${text}")
