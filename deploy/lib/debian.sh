# shellcheck shell=bash
# A minimal Debian from the sources of this machine: sourced by whatever makes one with mmdebstrap.

# debian_sources: sets DEBIAN_SOURCES to this machine's file of apt sources, unless it is set, and DEBIAN_APT_OPTIONS to
# options of mmdebstrap for this machine's way to its mirror: proxies, and whether it lets dates pass that lie in the past.
debian_sources() {
  local option
  DEBIAN_SOURCES="${DEBIAN_SOURCES:-/etc/apt/sources.list.d/debian.sources}"
  [[ -f "$DEBIAN_SOURCES" ]] || DEBIAN_SOURCES=/etc/apt/sources.list
  DEBIAN_APT_OPTIONS=()
  while IFS= read -r option; do
    DEBIAN_APT_OPTIONS+=("--aptopt=${option%;}")
  done < <(apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date)[ :]' || true)
}

# debian_suite SUITE DIR: after debian_sources, makes DEBIAN_SOURCES a copy in DIR for that suite, whichever this machine has.
debian_suite() {
  local copy
  copy="$2/${DEBIAN_SOURCES##*/}"
  sed -E "s/(bookworm|trixie)/$1/g" "$DEBIAN_SOURCES" >"$copy"
  DEBIAN_SOURCES="$copy"
}
