#!/usr/bin/env sh
# Brings a version to a cluster, in the one order that is safe: the schema first, while the version before goes on working, then the processes one after the
# other. Stops at the first thing that fails.
#   infra/k8s/deploy.sh infra/k8s/overlays/production
set -eu
overlay=${1:?which overlay, for example infra/k8s/overlays/production}
here=$(dirname "$0")
kubectl="${KUBECTL:-kubectl} --namespace parley"

# What can't be put into words must not be found out half way.
${KUBECTL:-kubectl} kustomize "$overlay" > /dev/null

# Namespaces, policies, volumes and databases of the overlay must be there before the job; nothing that is selected here runs a new version.
${KUBECTL:-kubectl} kustomize "$overlay" | $kubectl apply --filename - --selector 'app.kubernetes.io/name notin (api, worker, edge)'

# Databases that are part of the cluster must be there to be migrated.
for database in $($kubectl get statefulset --output name); do
  $kubectl rollout status "$database" --timeout 600s
done

# A job can't be changed, only replaced.
$kubectl delete job migrate --ignore-not-found --wait
$kubectl apply --kustomize "$here/migration"
$kubectl wait job/migrate --for condition=complete --timeout 3600s

$kubectl apply --kustomize "$overlay"
for deployment in api worker edge; do
  $kubectl rollout status "deployment/$deployment" --timeout 1800s
done
