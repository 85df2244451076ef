#!/usr/bin/env bash
# Checks deploy/monitoring/: promtool on the alert rules and on their tests, two tests (fires, stays quiet) and a runbook
# page for each alert and no page without one, what a running Alertmanager notifies about, the dashboard's JSON. That a gateway exports every metric that is named
# there, tests/e2e/metrics_test.cc sees to.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool promtool
need_tool amtool
need_tool jq

cd "$ROOT/deploy/monitoring"
promtool check rules alerts.yml
promtool test rules alerts_test.yml
amtool check-config alertmanager.yml
python3 -B "$ROOT/tests/checks/alertmanager.py" alertmanager.yml
jq -e '.panels | length > 0' dashboard.json >/dev/null

failed=0
complain() {
  echo "monitoring.sh: $1" >&2
  failed=1
}
alerts="$(sed -n 's/^ *- alert: //p' alerts.yml)"
for alert in $alerts; do
  [[ -s "$ROOT/docs/runbook/$alert.md" ]] || complain "$alert has no page docs/runbook/$alert.md"
  grep -q "runbook_url: https://.*/docs/runbook/$alert.md$" alerts.yml || complain "$alert does not name its page"
  grep -q "name: $alert fires" alerts_test.yml || complain "no test has $alert fire"
  grep -q "name: $alert stays quiet" alerts_test.yml || complain "no test has $alert stay quiet"
done
for page in "$ROOT"/docs/runbook/*.md; do
  grep -qx "$(basename "$page" .md)" <<<"$alerts" || complain "$page is about no alert"
done
[[ $failed == 0 ]]
echo "monitoring: $(wc -w <<<"$alerts") alerts, each tested both ways and with a page; $(jq '.panels | length' dashboard.json) panels"
