#!/usr/bin/env bash
# Builds the container images of deploy/Dockerfile with buildah, or with docker if there is no buildah.
#
#   deploy/images.sh [OPTION]... [gateway] [sandbox] [client] [front] [postgresql] [load]
#
#     default: the first three
#
#     --tag=TAG         the tag of the images; default: the project's version
#     --prefix=PREFIX   prefix of their names, for example registry.example.com/team/ (buildah's default: localhost/)
#     --push            push each image to its registry once it is built; log in there first
#     --base=IMAGE      instead of debian:trixie-slim
#     --stand_in_base   build a base with mmdebstrap from this machine's Debian sources, so that no registry is needed. It is a
#                       STAND-IN: Debian's packages, but not the bytes that Debian publishes. For tests, not for production.
#     --print_stand_in_base  build that base if it is missing, print its name and exit
#     --ccache=DIR      a compiler cache to use (buildah only)
#     --help            this text
#
# Names: enos-flow-gateway, enos-sandbox, enos-flow, enos-flow-front, enos-postgresql, and enos-load (for deploy/smoke.sh). Layers are cached and reused; time stamps in them are those of the
# last commit, so the same commit on the same base with the same packages gives the same layers.
# Exit status: 0 built, 1 failed, 2 wrong usage.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
# shellcheck source=deploy/lib/debian.sh
source deploy/lib/debian.sh

tag="$(sed -n 's/^project(enos-flow-gateway VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
version="$tag"
prefix=
base=
stand_in=false
base_only=false
push=false
ccache=
targets=()
for argument in "$@"; do
  case "$argument" in
    --tag=*) tag="${argument#*=}" ;;
    --prefix=*) prefix="${argument#*=}" ;;
    --push) push=true ;;
    --base=*) base="${argument#*=}" ;;
    --stand_in_base) stand_in=true ;;
    --print_stand_in_base) stand_in=true base_only=true ;;
    --ccache=*) ccache="${argument#*=}" ;;
    gateway | sandbox | client | front | postgresql | load) targets+=("$argument") ;;
    --help | -h)
      sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "images.sh: unknown argument '$argument'; see deploy/images.sh --help" >&2
      exit 2
      ;;
  esac
done
[[ ${#targets[@]} -gt 0 ]] || targets=(gateway sandbox client)

if command -v buildah >/dev/null; then
  engine=buildah
elif command -v docker >/dev/null; then
  engine=docker
else
  echo "images.sh: neither buildah nor docker is installed (deploy/packages.sh images installs buildah)" >&2
  exit 1
fi
[[ -z "$ccache" || $engine == buildah ]] || {
  echo "images.sh: --ccache is for buildah; docker keeps the layers, but no compiler cache" >&2
  exit 2
}

# The stand-in's name says what it is.
make_stand_in() {
  local scratch archive
  command -v mmdebstrap >/dev/null || {
    echo "images.sh: mmdebstrap, which makes the stand-in base, is not installed (deploy/packages.sh images)" >&2
    exit 1
  }
  scratch="$(mktemp -d "${TMPDIR:-/tmp}/enos-base.XXXXXX")"
  archive="$scratch/base.tar"
  debian_sources
  debian_suite trixie "$scratch"
  # As debian:trixie-slim, it has no manuals and no translations.
  mmdebstrap --quiet --mode=root --variant=minbase --format=tar "${DEBIAN_APT_OPTIONS[@]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' trixie "$archive" "$DEBIAN_SOURCES"
  if [[ $engine == buildah ]]; then
    local container
    container="$(buildah from scratch)"
    buildah add --quiet "$container" "$archive" / >/dev/null
    buildah config --cmd /bin/bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
  else
    docker import --change 'CMD ["/bin/bash"]' "$archive" "$base" >/dev/null
  fi
  rm -r "$scratch"
}

if $stand_in; then
  base=localhost/debian-stand-in:trixie-slim
  if ! $engine inspect "$base" >/dev/null 2>&1; then
    make_stand_in >&2
  fi
  if $base_only; then
    echo "$base"
    exit 0
  fi
  echo "The base is a stand-in made by mmdebstrap ($base): for tests, not for production."
fi

revision="$(git rev-parse HEAD 2>/dev/null || echo unknown)"
time_stamp="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
arguments=(--file deploy/Dockerfile --build-arg "JOBS=${ENOS_JOBS:-$(nproc)}")
labels=(--label "org.opencontainers.image.version=$version" --label "org.opencontainers.image.revision=$revision")
[[ -z "$base" ]] || arguments+=(--build-arg "BASE=$base")
if [[ $engine == buildah ]]; then
  # Chroot isolation works wherever buildah does, in a container as well; the network is then the machine's.
  build=(buildah bud --isolation chroot --layers --timestamp "$time_stamp")
  if $stand_in; then build+=(--pull=never); fi
  if [[ -n "$ccache" ]]; then build+=(--volume "$(realpath "$ccache"):/ccache"); fi
else
  build=(docker build "${labels[@]}")
fi

for target in "${targets[@]}"; do
  case "$target" in
    gateway) name=enos-flow-gateway ;;
    sandbox) name=enos-sandbox ;;
    client) name=enos-flow ;;
    front) name=enos-flow-front ;;
    postgresql) name=enos-postgresql ;;
    load) name=enos-load ;;
  esac
  echo "=== $prefix$name:$tag"
  "${build[@]}" "${arguments[@]}" --target "$target" --tag "$prefix$name:$tag" .
  if [[ $engine == buildah ]]; then
    # A step of its own: with --label above, a cached image would be taken as it is, with the labels of an earlier commit.
    echo "FROM $prefix$name:$tag" |
      buildah bud --pull=never --timestamp "$time_stamp" "${labels[@]}" --tag "$prefix$name:$tag" -
  fi
  if $push; then $engine push "$prefix$name:$tag"; fi
done
