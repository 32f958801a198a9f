# Turns a text file into a C++ source with one string constant. Usage:
#   cmake -DINPUT=file.sql -DOUTPUT=file.cpp -DNAMESPACE=a::b -DNAME=kText -P embed_text.cmake
# The text must not hold the closing mark )text" of a raw string.
file(READ "${INPUT}" text)
string(FIND "${text}" ")text\"" mark)
if(NOT mark EQUAL -1)
  message(FATAL_ERROR "${INPUT} holds )text\", which ends a raw string")
endif()
get_filename_component(file "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "// Made from ${file}.
#include <string_view>

namespace ${NAMESPACE} {
extern const std::string_view ${NAME};
const std::string_view ${NAME} = R\"text(${text})text\";
}  // namespace ${NAMESPACE}
")
