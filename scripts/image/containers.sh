# To be sourced by bash: podman and buildah with images of their own below build/image, which git ignores, and a base
# image made of the machine's own package mirror. Nobody else's images, containers or settings are touched. To be used as
# root, in a mount and process namespace of its own.
# shellcheck shell=bash

containers_dir=$PWD/build/image
base_image=localhost/debian:bookworm-slim
export CONTAINERS_CONF=$containers_dir/containers.conf CONTAINERS_STORAGE_CONF=$containers_dir/storage.conf

# crun fails on machines that have both generations of cgroups; podman's own limits are more than some machines allow.
# What need not outlive the containers lies in file systems of its own, which go when this process's mounts do.
set_up_containers() {
  local driver=overlay folder
  for folder in "$containers_dir/run" /run/netns /run/runc /var/lib/cni; do
    mkdir -p "$folder"
    mount -t tmpfs tmpfs "$folder"
  done
  # Layers of sources that are no more.
  if [ "$(du -sm "$containers_dir" | cut -f1)" -gt 10000 ]; then rm -rf "$containers_dir/storage"; fi
  [ "$(stat -f -c %T "$containers_dir")" = overlayfs ] && driver=vfs
  printf '%s\n' '[storage]' "driver = \"$driver\"" "graphroot = \"$containers_dir/storage\"" \
    "runroot = \"$containers_dir/run/storage\"" > "$CONTAINERS_STORAGE_CONF"
  printf '%s\n' '[containers]' 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]' '[engine]' \
    'runtime = "runc"' 'cgroup_manager = "cgroupfs"' 'events_logger = "none"' 'lock_type = "file"' \
    "tmp_dir = \"$containers_dir/run/libpod\"" '[network]' 'network_backend = "cni"' \
    "network_config_dir = \"$containers_dir/run/networks\"" > "$CONTAINERS_CONF"
}

# Debian's entries of the machine's package sources: "URI SUITE COMPONENT", one a line.
debian_sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk '$4 == "Debian" && $3 == "main" { print $1, $2, $3 }' | sort -u
}

# What debian:bookworm-slim is elsewhere: Debian 12 with the updates that this machine takes.
make_base_image() {
  if podman image exists "$base_image"; then return; fi
  local work mirror
  mirror=$(debian_sources | awk '$2 == "bookworm" { print $1; exit }')
  if [ -z "$mirror" ]; then
    echo "image: this machine has no package source of Debian 12 to make a base image from" >&2
    return 1
  fi
  echo "image: making a base image"
  work=$(mktemp -d -p "$containers_dir/run")
  debootstrap --variant=minbase bookworm "$work/root" "$mirror" > "$work/log" || { tail -5 "$work/log" >&2; return 1; }
  debian_sources | sed 's/^/deb /' > "$work/root/etc/apt/sources.list"
  {
    echo 'APT::Keep-Downloaded-Packages "false";'
    apt-config dump Acquire | grep -E '(Proxy|Check-)' || true
  } > "$work/root/etc/apt/apt.conf.d/90machine"
  # As in the slim image: of a package's documentation, its licence alone.
  printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' \
    'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' > "$work/root/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
  tar -C "$work/root" -c . | podman import --quiet --change 'CMD ["/bin/bash"]' \
    --change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" - "$base_image" > /dev/null
  rm -rf "$work"
}

# build_image ARCH TAG [ARGUMENT ...]: the Dockerfile as it is, layers kept for the next time.
build_image() {
  buildah bud --isolation chroot --pull-never --layers --timestamp 0 --platform "linux/$1" \
    --build-arg "BUILDPLATFORM=linux/$(dpkg --print-architecture)" --build-arg "BASE_IMAGE=$base_image" \
    --tag "$2" "${@:3}" .
}
