# shellcheck shell=bash disable=SC2034  # the lists are for those who source this
# The Debian packages that Tipring needs, how to get them, and how to build. Sourced by tools/run and tools/test.

build_packages=(
  g++ cmake ninja-build pkg-config
  libevent-dev libsqlite3-dev libmbedtls-dev libc-ares-dev libtomlplusplus-dev rapidjson-dev
)
test_packages=(
  clang lld libclang-rt-dev clang-format-14 doctest-dev python3 python3-jsonschema sqlite3 sip-tester baresip-core
  dpkg-dev zsh tshark curl openssl
)
# The page is looked at in a browser, which is driven by packages that npm gets; some builds of nodejs bring npm along.
browser_packages=(chromium nodejs fonts-dejavu-core)
command -v npm > /dev/null || browser_packages+=(npm)
tidy_packages=(clang-tidy-14)  # for tools/test --long

# What of the given packages is not installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# Installs what is missing of the given packages. Without root it says what to enter, and fails.
need_packages() {
  local missing log
  if ! command -v dpkg-query > /dev/null; then
    echo "This is no Debian: going on in the hope that the like of these is there: $*" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing; install them as root and try again:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  echo "Installing ${missing[*]} …" >&2
  log=$(mktemp)
  # An update may fail for one source that does not matter here; whether the packages arrive is what counts.
  if ! { apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
      > "$log" 2>&1 < /dev/null; then
    cat "$log" >&2
    rm -f "$log"
    echo "Could not install: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

# quietly WHAT COMMAND…: shows the output only when the command fails, and what went wrong first.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  if ! "$@" > "$log" 2>&1 < /dev/null; then
    grep -E 'error|Error|FAILED|fatal' -A 6 "$log" | head -n 80 >&2
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "$what failed." >&2
    return 1
  fi
  rm -f "$log"
}

# configure PRESET. What a folder that was moved or copied here brings of another place is made anew.
configure() {
  local home
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "build/$1/CMakeCache.txt" 2> /dev/null)
  [ -z "$home" ] || [ "$home" -ef . ] || rm -rf "build/$1"
  quietly "Configuring the $1 build" cmake --preset "$1"
}

# compile PRESET TARGET…
compile() {
  local preset=$1
  shift
  quietly "The $preset build" cmake --build --preset "$preset" ${@:+--target "$@"}
}
