# The judgement of deploy/smoke.sh. In: $phases (name, begin), $calls (the sandbox's ledger), $a and $b (what enos-load was
# told, one object a call), $strangers (likewise, of callers that the policy does not name before it is changed), $rotation (numbers
# of calls in the ledger: the last one before the Secret was changed, and when every gateway had said that it uses the new key).
# Out: figures by phase, by outcome of attempts, and complaints.
($phases[0]) as $phases
| ($a + $b) as $told
| ($calls[0].calls) as $received
| ($received | map(select(.executed))) as $started
| ($started | group_by(.callId) | map({key: .[0].callId, value: map(.flowInstanceId)}) | from_entries) as $runs
| ($told + $strangers | map({key: .callId, value: true}) | from_entries) as $made
| def final: .attempts[-1];
  def ok: final == "OK";
  def without_details: final | test("^[A-Z_]+ - UNKNOWN$");
  def phase_at($time): [$phases[] | select(.begin <= $time)] | last.name // $phases[0].name;
  def runs: $runs[.callId] // [];
  def begin_of($name): first($phases[] | select(.name == $name) | .begin) // infinite;
  def denied: final == "PERMISSION_DENIED CALLER_NOT_ALLOWED NOT_EXECUTED";
  ($told | map(. + {phase: phase_at(.begin + .ms), runs: (runs | length)})) as $told
| ($strangers | map(. + {runs: (runs | length)})) as $strangers
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
    ],
    attempts: ($told | map(.attempts[]) | group_by(.) | map({outcome: .[0], count: length}) | sort_by(-.count)),
    rotation: "Of the calls that EnOS received then, \($new_key | map(select(.signedWithNextKey)) | length) of \($new_key | length) were signed with the new SecretKey.",
    strangers: (if $strangers == [] then null else
      "The stranger was refused \($refused | map(select(denied)) | length) of \($refused | length) times before the policy was changed, and served \($served | map(select(ok)) | length) of \($served | length) times after it." end),
    complaints: [
      ($told | map(select(.runs > 1)) | complain("were started more than once")),
      ($told | map(select(ok and .runs == 0)) | complain("were told OK, and EnOS never started them")),
      ($told | map(select(ok and (.instance as $i | runs | index($i) | not))) | complain("were told another instance than EnOS made")),
      ($told | map(select((final | endswith(" NOT_EXECUTED")) and .runs > 0)) | complain("were told NOT_EXECUTED, and EnOS started them")),
      ($told | map(select(final | endswith(" NOT_EXECUTED"))) | complain("were not executed, and repeating did not help")),
      ($told | map(select(without_details and .phase != "Pod kill")) | complain("ended without details, and no Pod was killed")),
      ($told | map(select((ok or without_details or (final | endswith(" NOT_EXECUTED"))) | not)) | complain("failed otherwise")),
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
