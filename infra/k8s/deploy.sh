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
# Not `kubectl wait`, which knows one condition: a failed job never becomes complete. The job's activeDeadlineSeconds end this in any case.
while :; do
  ended=$($kubectl get job migrate --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
  case $ended in
    *Complete*) break ;;
    *Failed*)
      # A pod that could not even be started has no log; then the events say why.
      $kubectl describe job migrate >&2 || :
      $kubectl logs --selector job-name=migrate --prefix --tail 200 >&2 || :
      echo 'The migration has failed, so no process was replaced: the version before goes on. Mend what is said above, and run this again.' >&2
      exit 1
      ;;
  esac
  sleep "${POLL_SECONDS:-2}"
done

$kubectl apply --kustomize "$overlay"
for deployment in api worker edge; do
  $kubectl rollout status "deployment/$deployment" --timeout 1800s
done
