#!/bin/sh
# Post-renderer for Kubecost 1.x and 2.x: rendered manifests in, the same with the exporter's container out. Values
# alone cannot do it: no Kubecost chart has a key for it. Needs kubectl 1.21 or later.
#
#   Helm 3:  helm upgrade kubecost ... --post-renderer ./sidecar-cost-analyzer/post-render.sh
#   Helm 4:  helm plugin install ./sidecar-cost-analyzer      (plugin.yaml)
#            helm upgrade kubecost ... --post-renderer kubecost-allocation-exporter
#
# It must be given again with each upgrade; without it the container is gone. Argo CD and Flux: docs/install.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/kustomization.yaml" "$here/exporter-container.yaml" "$work/"
cat > "$work/rendered.yaml"
kubectl kustomize "$work" > "$work/out"
# Kustomize says nothing when nothing matches the patch.
if [ "$(grep -c -e '--kubecost.url=' "$work/out")" = "$(grep -c -e '--kubecost.url=' "$work/rendered.yaml")" ]; then
  echo "post-render.sh: no Deployment named *-cost-analyzer to put the exporter into" >&2
  exit 1
fi
cat "$work/out"
