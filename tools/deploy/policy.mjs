// The documented shape of a policy (docs/access.md), for manifests where no gateway is at hand. The gateway itself is stricter
// still (members that are there twice); tests/checks/kubernetes.sh asks it as well, where one is built.

const LISTS = ['callers', 'org_ids', 'user_ids', 'flow_ids'];
const CALLER = /^(\*|uri:[^*]+(\/\*)?|dns:[^*]+|sub:[^*]+([:/]\*)?)$/;
const LAST_FLOW = 2 ** 31 - 1;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isFlow = (value) => Number.isInteger(value) && value >= 1 && value <= LAST_FLOW;

function isFlowEntry(value) {
  if (value === '*' || isFlow(value)) return true;
  const range = /^(\d+)-(\d+)$/.exec(value);
  return range !== null && isFlow(Number(range[1])) && isFlow(Number(range[2])) && Number(range[1]) <= Number(range[2]);
}
const ENTRIES = {
  callers: (value) => typeof value === 'string' && CALLER.test(value),
  org_ids: (value) => typeof value === 'string' && (value === '*' || (value !== '' && !value.includes('*'))),
  user_ids: (value) => ENTRIES.org_ids(value),
  flow_ids: isFlowEntry,
};

function ruleComplaint(rule, place) {
  if (!isObject(rule)) return `${place} is no object`;
  const unknown = Object.keys(rule).find((member) => member !== 'description' && !LISTS.includes(member));
  if (unknown) return `${place} has a member ${unknown}, which is unknown`;
  for (const member of LISTS) {
    const list = rule[member];
    if (!Array.isArray(list) || list.length === 0) return `${place}.${member} is no list, or empty`;
    if (list.length > 1 && list.includes('*')) return `${place}.${member} has "*" beside others`;
    const wrong = list.find((entry) => !ENTRIES[member](entry));
    if (wrong !== undefined) return `${place}.${member}: ${JSON.stringify(wrong)} is not as documented`;
  }
  return undefined;
}

// What is wrong with the text of a policy; undefined if nothing is.
export function policyComplaint(text) {
  let policy;
  try {
    policy = JSON.parse(text);
  } catch (error) {
    return `is no JSON: ${error.message}`;
  }
  if (!isObject(policy) || !Array.isArray(policy.rules)) return 'has no list of rules';
  if (Object.keys(policy).length > 1) return 'has more members than rules';
  const complaint = policy.rules.map((rule, index) => ruleComplaint(rule, `rules[${index}]`)).find(Boolean);
  return complaint && `is not valid: ${complaint}`;
}
