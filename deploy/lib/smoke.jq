# The judgement of deploy/smoke.sh. In: $phases (name, begin), $calls (pages of the sandbox's ledger), $a and $b (what enos-load was
# told, one object a call), $watches (likewise, with what became of the runs), $keyed (likewise, of calls with an idempotency key),
# $strangers (likewise, of callers that the policy does not name before it is changed), $reserved (keys that the store has as reserved
# after all calls have ended), $load_end, $rotation (numbers of calls in the ledger: the last one before the Secret was
# changed, and when every gateway had said that it uses the new key).
# Out: figures by phase, by outcome of attempts, and complaints.
($phases[0]) as $phases
| ($a + $b + $watches) as $told
| ($calls | map(.calls[])) as $received
| ($received | map(select(.executed))) as $started
| ($started | group_by(.callId) | map({key: .[0].callId, value: map(.flowInstanceId)}) | from_entries) as $runs
| ($told + $keyed + $strangers | map({key: .callId, value: true}) | from_entries) as $made
| def final: .attempts[-1];
  def ok: final == "OK";
  def without_details: final | test("^[A-Z_]+ - UNKNOWN$");
  def phase_at($time): [$phases[] | select(.begin <= $time)] | last.name // $phases[0].name;
  def runs: $runs[.callId] // [];
  def begin_of($name): first($phases[] | select(.name == $name) | .begin) // infinite;
  # The times from a phase on to the one after it.
  def during($name): begin_of($name) as $begin | ([$phases[] | select(.begin > $begin) | .begin] | min // infinite) as $after
    | select(.begin < $after and .begin + .ms > $begin);
  def in_doubt: final | test("^[A-Z_]+ IDEMPOTENCY_IN_DOUBT UNKNOWN$");
  def was_cut: any(.attempts[]; test("^[A-Z_]+ - UNKNOWN$"));
  def not_executed: final | endswith(" NOT_EXECUTED");
  def interrupted: (.interruptions // []) != [];
  # By a Pod that ended, not because its connection had reached its maximum age.
  def shut_down: .interruptions // [] | any(startswith("UNAVAILABLE GATEWAY_SHUTTING_DOWN"));
  def denied: final == "PERMISSION_DENIED CALLER_NOT_ALLOWED NOT_EXECUTED";
  ($told | map(. + {phase: phase_at(.begin + .ms), runs: (runs | length)})) as $told
| ($strangers | map(. + {runs: (runs | length)})) as $strangers
| ($keyed | map(. + {phase: phase_at(.begin), runs: (runs | length)})) as $keyed
| ($keyed | map(select(in_doubt))) as $doubts
# Runs begin 90 s after their call and last for 10 s; until then a watch goes on.
| ($watches | map(select(.end) | . + {ms: 100000})) as $watched
| ($watched | map(select(.end == "FLOW_INSTANCE_STATE_SUCCEEDED"))) as $seen
| ($strangers | map(select(.begin + .ms < begin_of("policy change")))) as $refused
| ($strangers | map(select(.begin >= begin_of("steady again")))) as $served
| ($received | map(select(.number <= $rotation.before))) as $old_key
| ($received | map(select(.number > $rotation.until))) as $new_key
| def complain($text): map(.callId) | if length > 0 then "\(length) calls \($text): \(.[:3] | join(", "))" else empty end;
  {
    phases: [
      $phases[] | .name as $name | [$told[] | select(.phase == $name)]
      | {
          name: $name,
          calls: length,
          at_once: (map(select(.attempts == ["OK"])) | length),
          repeated: (map(select(ok and (.attempts | length) > 1)) | length),
          cut: (map(select(without_details)) | length),
          failed: (map(select((ok or without_details) | not)) | length),
          started: (map(.runs) | add // 0),
          twice: (map(select(.runs > 1)) | length),
          slowest: (map(.ms) | max // 0)
        }
      | . + ([$keyed[] | select(.phase == $name)] | {keyed: length, keyed_twice: (map(select(.runs > 1)) | length)})
    ],
    attempts: ($told + $keyed | map(.attempts[]) | group_by(.) | map({outcome: .[0], count: length}) | sort_by(-.count)),
    keyed: (if $keyed == [] then null else
      "Of \($keyed | length) calls with a key \($keyed | map(select(ok and (.attempts | length == 1))) | length) were answered OK at once, \($keyed | map(select(ok and (.attempts | length > 1))) | length) when repeated, and \($doubts | length) ended in doubt; \($keyed | map(select(was_cut)) | length) had been cut. The store still has \($reserved | length) keys as reserved. Of those in doubt EnOS had started \($doubts | map(select(.runs > 0)) | length)." end),
    watches: "Of \($watched | length) watches \($seen | length) told that the run had succeeded, \($seen | map(select(interrupted)) | length) of them after watching again; the others went on when the load ended. Interruptions: \($watched | map(.interruptions[]) | group_by(.) | map("\(length) \(.[0] | rtrimstr(" "))") | join(", ")).",
    rotation: "Of the calls that EnOS received then, \($new_key | map(select(.signedWithNextKey)) | length) of \($new_key | length) were signed with the new SecretKey.",
    strangers: (if $strangers == [] then null else
      "The stranger was refused \($refused | map(select(denied)) | length) of \($refused | length) times before the policy was changed, and served \($served | map(select(ok)) | length) of \($served | length) times after it." end),
    complaints: [
      ($told + $keyed | map(select(.runs > 1)) | complain("were started more than once")),
      ($told + $keyed | map(select(ok and .runs == 0)) | complain("were told OK, and EnOS never started them")),
      ($told + $keyed | map(select(ok and (.instance as $i | runs | index($i) | not))) | complain("were told another instance than EnOS made")),
      ($told + $keyed | map(select(not_executed and .runs > 0)) | complain("were told NOT_EXECUTED, and EnOS started them")),
      ($told + $keyed | map(select(not_executed)) | complain("were not executed, and repeating did not help")),
      ($told | map(select(without_details and .phase != "Pod kill")) | complain("ended without details, and no Pod was killed")),
      ($told | map(select((ok or without_details or not_executed) | not)) | complain("failed otherwise")),
      ($keyed | map(select((ok or in_doubt or not_executed) | not)) | complain("with a key failed otherwise")),
      ($doubts - [$doubts[] | during("Pod kill") | select(was_cut)] | complain("ended in doubt, and the Pod kill had not cut them")),
      ($doubts | map(select(.key as $key | $reserved | index($key) | not)) | complain("ended in doubt, and no gateway had left their keys reserved")),
      ($keyed | map(select(.key as $key | $reserved | index($key))) | . - [.[] | during("Pod kill")] | complain("were left reserved, and no Pod was killed")),
      (if $keyed != [] and ($keyed | length) < 100 then "only \($keyed | length) calls with a key were made" else empty end),
      ($watched - $seen | map(select((.end | startswith("CANCELLED ")) and .begin + 120000 > $load_end | not)) | complain("were watched, and not until the run had succeeded")),
      (if [$seen[] | during("rolling restart") | select(shut_down)] == [] then "no watch that a Pod ended in the rolling restart went on elsewhere" else empty end),
      ($told | map(select(.attempts[:-1] | any(startswith("UNAVAILABLE ") and endswith(" NOT_EXECUTED") | not)))
        | complain("were repeated for another reason than UNAVAILABLE, NOT_EXECUTED")),
      ($started | map(select($made[.callId] | not)) | complain("were started, and nobody was told")),
      ($old_key | map(select(.signedWithNextKey)) | complain("were signed with the new key before it was there")),
      ($new_key | map(select(.signedWithNextKey | not)) | complain("were signed with the old key after every gateway had said that it uses the new one")),
      (if ($new_key | length) < 100 then "only \($new_key | length) calls after the rotation" else empty end),
      ($refused | map(select(denied or without_details | not)) | complain("of the stranger were not refused")),
      ($refused | map(select(.runs > 0)) | complain("of the stranger were started")),
      ($served | map(select(ok and .runs == 1 | not)) | complain("of the stranger were not served after the policy was changed")),
      (if $strangers != [] and ([$refused, $served | length] | min) < 10 then "the stranger hardly called" else empty end),
      (if ($told | length) < 100 then "only \($told | length) calls were made" else empty end),
      ($phases[] | .name as $name | select([$told[] | select(.phase == $name)] | length == 0) | "no call in phase \($name)")
    ]
  }
