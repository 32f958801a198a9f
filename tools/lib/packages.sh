# shellcheck shell=bash disable=SC2034  # the lists are for those who source this
# The Debian packages that Tipring needs, and how to get them. Sourced by tools/run and tools/test.

build_packages=(
  g++ cmake ninja-build pkg-config
  libevent-dev libsqlite3-dev libmbedtls-dev libc-ares-dev libfmt-dev libtomlplusplus-dev rapidjson-dev
)
test_packages=(
  clang lld libclang-rt-dev doctest-dev python3 sqlite3 sip-tester baresip-core
)

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

# build PRESET TARGET…: configures and builds, quiet unless it fails.
build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${@:+--target "$@"}; } > "$log" 2>&1 < /dev/null; then
    grep -E 'error|Error|FAILED|fatal' -A 6 "$log" | head -n 80 >&2
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "The $preset build failed." >&2
    return 1
  fi
  rm -f "$log"
}
