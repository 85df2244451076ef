// Shows of every rule that it can fail: each breakage below changes one thing in an overlay that is well, and exactly the rule
// that it is meant for complains (others may as well). Run by node --test; RENDERED, MONITORED and HELP_TEXT name the files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContext } from './context.mjs';
import { containersOf, find, frontOf, gatewayOf, ofKind, podOf, readObjects, seconds } from './objects.mjs';
import { rules } from './rules.mjs';
import { schemaComplaint } from './schema.mjs';

const fronted = readObjects(process.env.FRONTED); // production behind its front
const well = readObjects(process.env.RENDERED); // has an autoscaler, a PodMonitor, a policy, a store, and tokens beside certificates
const context = readContext(process.env.HELP_TEXT);

const pod = (objects) => podOf(gatewayOf(objects).workload);
const container = (objects) => gatewayOf(objects).container;
const settings = (objects) => find(objects, 'ConfigMap', container(objects).envFrom[0].configMapRef.name).data;
const service = (objects) => ofKind(objects, 'Service').find((each) => each.metadata.name.endsWith('enos-flow-gateway'));
const scaler = (objects) => ofKind(objects, 'HorizontalPodAutoscaler')[0];
const policy = (objects) => find(objects, 'NetworkPolicy', 'enos-flow-gateway');
const volume = (objects, name) => pod(objects).volumes.find((each) => each.name === name);
const drop = (objects, kind) => objects.splice(0, objects.length, ...objects.filter((object) => object.kind !== kind));

const withPolicy = (objects, change) => {
  const { data } = find(objects, 'ConfigMap', 'enos-flow-gateway-policy');
  const policy = JSON.parse(data['policy.json']);
  change(policy);
  data['policy.json'] = JSON.stringify(policy);
};

const withNginx = (objects, change) => {
  const { data } = ofKind(objects, 'ConfigMap').find((each) => each.data['nginx.conf']);
  data['nginx.conf'] = change(data['nginx.conf']);
};

const breakages = {
  probes_ask_a_declared_port: [
    (o) => { container(o).readinessProbe.httpGet.port = 'oops'; },
    (o) => { container(o).livenessProbe.httpGet.port = 9465; },
  ],
  the_gateway_has_all_probes_on_its_operations_port: [
    (o) => { delete container(o).startupProbe; },
    (o) => { container(o).readinessProbe.httpGet.port = 'grpc'; },
  ],
  objects_have_the_common_labels: [
    (o) => { delete policy(o).metadata.labels; },
    (o) => { delete service(o).metadata.labels['app.kubernetes.io/part-of']; },
  ],
  ports_of_services_say_that_they_speak_grpc: [(o) => { delete service(o).spec.ports[0].appProtocol; }],
  the_edge_leads_to_the_gateway_and_never_repeats_a_call: [
    (o) => { find(o, 'Ingress', 'enos-flow-gateway').metadata.annotations['nginx.ingress.kubernetes.io/proxy-next-upstream'] = 'error'; },
    (o) => { find(o, 'Ingress', 'enos-flow-gateway').spec.rules[0].http.paths[0].backend.service.port.name = 'http'; },
    (o) => { find(o, 'GRPCRoute', 'enos-flow-gateway').spec.rules[0].backendRefs[0].port = 50052; },
    (o) => { find(o, 'GRPCRoute', 'enos-flow-gateway').spec.rules[0].retry = { attempts: 2 }; },
  ],
  services_select_pods_that_have_their_port: [
    (o) => { service(o).spec.ports[0].targetPort = 'http'; },
    (o) => { service(o).spec.selector = { 'app.kubernetes.io/name': 'other' }; },
  ],
  there_is_a_service_and_a_headless_service: [(o) => { delete find(o, 'Service', 'enos-flow-gateway-headless').spec.clusterIP; }],
  selectors_match_the_own_pods: [
    (o) => { gatewayOf(o).workload.spec.selector.matchLabels.tier = 'x'; },
    (o) => { pod(o).topologySpreadConstraints[0].labelSelector.matchLabels = { app: 'other' }; },
  ],
  config_maps_and_secrets_exist_with_their_keys: [
    (o) => { container(o).envFrom[0].configMapRef.name = 'other'; },
    (o) => { volume(o, 'keys').secret.secretName = 'other'; },
    (o) => { volume(o, 'keys').secret.items = [{ key: 'no_key', path: 'access_key' }]; },
    (o) => { volume(o, 'jwt-keys').configMap.name = 'other'; },
  ],
  files_named_in_settings_are_mounted: [
    (o) => { container(o).env.find((each) => each.name === 'ENOS_ACCESS_KEY_FILE').value = '/etc/keys/access_key'; },
    (o) => { container(o).env.find((each) => each.name === 'ENOS_SECRET_KEY_FILE').value += 's'; },
    (o) => { delete find(o, 'ConfigMap', 'enos-flow-gateway-policy').data['policy.json']; },
    (o) => { settings(o).ENOS_GATEWAY_JWT_KEYS_FILE += '.pem'; },
  ],
  volume_mounts_have_volumes: [(o) => { container(o).volumeMounts[0].name = 'key'; }],
  settings_are_known_to_the_program: [(o) => { settings(o).ENOS_GATEWAY_DRAIN_DELAYS = '1s'; }],
  settings_have_what_is_required: [
    (o) => { delete settings(o).ENOS_API_URL; },
    (o) => { delete settings(o).ENOS_GATEWAY_TLS_KEY_FILE; delete settings(o).ENOS_GATEWAY_ALLOW_PLAINTEXT; },
    (o) => { settings(o).ENOS_API_URL = 'http://enos'; delete settings(o).ENOS_GATEWAY_ALLOW_PLAINTEXT_UPSTREAM; },
  ],
  who_may_call_is_decided: [
    (o) => { delete settings(o).ENOS_GATEWAY_POLICY_FILE; },
    (o) => { settings(o).ENOS_GATEWAY_REFLECTION = 'true'; },
    (o) => { delete settings(o).ENOS_GATEWAY_REFLECTION; },
    (o) => { delete settings(o).ENOS_GATEWAY_JWT_ISSUER; },
    (o) => {
      for (const name of ['TLS_CLIENT_CA_FILE', 'JWT_KEYS_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE']) delete settings(o)[`ENOS_GATEWAY_${name}`];
    },
  ],
  the_policy_is_as_documented: [
    (o) => { volume(o, 'policy').configMap.name = 'other'; },
    (o) => { settings(o).ENOS_GATEWAY_POLICY_FILE = '/etc/enos-flow-gateway/policy/policy.yaml'; },
    (o) => { find(o, 'ConfigMap', 'enos-flow-gateway-policy').data['policy.json'] = 'rules: []'; },
    (o) => { withPolicy(o, (policy) => { policy.rule = policy.rules; }); },
    (o) => { withPolicy(o, (policy) => { delete policy.rules; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].caller = []; }); },
    (o) => { withPolicy(o, (policy) => { delete policy.rules[0].org_ids; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].user_ids = []; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].user_ids = ['*', 'alice']; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].org_ids = ['o*']; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].callers = ['nightly']; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].callers = ['uri:spiffe://prod.example/ns/batch*']; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].flow_ids = [0]; }); },
    (o) => { withPolicy(o, (policy) => { policy.rules[0].flow_ids = ['4999-4000']; }); },
  ],
  changed_files_arrive_in_running_pods: [
    (o) => { container(o).volumeMounts.find((each) => each.name === 'policy').subPath = 'policy.json'; },
    (o) => { volume(o, 'policy').configMap.name += '-fg9b74t5mk'; },
    (o) => { volume(o, 'keys').secret.secretName += '-fg9b74t5mk'; },
    (o) => { find(o, 'ConfigMap', 'enos-flow-gateway-policy').immutable = true; },
  ],
  the_grace_period_is_longer_than_the_drain: [
    (o) => { pod(o).terminationGracePeriodSeconds = 55; },
    (o) => { pod(o).terminationGracePeriodSeconds = 95; }, // enough without traces
    (o) => { delete pod(o).terminationGracePeriodSeconds; },
    (o) => { settings(o).ENOS_GATEWAY_DRAIN_DELAY = '50s'; },
    (o) => { settings(o).ENOS_GATEWAY_DRAIN_TIMEOUT = 'soon'; },
  ],
  the_front_is_the_only_way_in: [
    (o) => { settings(o).ENOS_GATEWAY_LISTEN = '0.0.0.0:50051'; },
    (o) => { settings(o).ENOS_GATEWAY_FRONT_SOCKET = '/run/enos-front/other.sock'; },
    (o) => { volume(o, 'front-socket').emptyDir = undefined; },
    (o) => { container(o).ports.push({ name: 'grpc', containerPort: 50051 }); },
    (o) => { pod(o).containers = [container(o)]; },
  ],
  the_front_lets_through_what_the_gateway_takes: [
    (o) => { settings(o).ENOS_GATEWAY_MAX_IN_FLIGHT = '2200'; },
    (o) => { settings(o).ENOS_GATEWAY_MAX_WATCHES = '2000'; },
    (o) => { withNginx(o, (text) => text.replace('limit_conn watches 1100;', '')); },
  ],
  the_front_takes_calls_as_long_as_the_gateway: [
    (o) => { delete frontOf(o).lifecycle; },
    (o) => { settings(o).ENOS_GATEWAY_DRAIN_DELAY = '41s'; },
  ],
  callers_have_left_before_the_server_shuts_down: [
    (o) => { settings(o).ENOS_GATEWAY_DRAIN_DELAY = '35s'; },
    (o) => { settings(o).ENOS_GATEWAY_MAX_CONNECTION_AGE = '1m'; },
    (o) => { settings(o).ENOS_GATEWAY_MAX_CONNECTION_AGE = '0'; },
    (o) => { delete settings(o).ENOS_GATEWAY_MAX_CONNECTION_AGE; },
  ],
  the_drain_is_longer_than_a_call: [
    (o) => { settings(o).ENOS_GATEWAY_DRAIN_TIMEOUT = '35s'; },
    (o) => { settings(o).ENOS_GATEWAY_UPSTREAM_TIMEOUT = '1m'; },
  ],
  no_pod_goes_before_another_is_ready: [
    (o) => { gatewayOf(o).workload.spec.strategy.rollingUpdate.maxUnavailable = 1; },
    (o) => { delete gatewayOf(o).workload.spec.strategy; },
  ],
  autoscalers_have_sense: [
    (o) => { scaler(o).spec.minReplicas = 1; },
    (o) => { scaler(o).spec.maxReplicas = 2; },
    (o) => { scaler(o).spec.scaleTargetRef.name = 'other'; },
    (o) => { gatewayOf(o).workload.spec.replicas = 2; },
    (o) => { delete container(o).resources.requests.cpu; },
  ],
  without_autoscaler_there_are_two_replicas: [
    (o) => { gatewayOf(o).workload.spec.replicas = 1; drop(o, 'HorizontalPodAutoscaler'); },
  ],
  the_disruption_budget_allows_one: [
    (o) => { ofKind(o, 'PodDisruptionBudget')[0].spec.maxUnavailable = 0; },
    (o) => { drop(o, 'PodDisruptionBudget'); },
  ],
  network_policies_name_pods_and_ports_that_exist: [
    (o) => { policy(o).spec.podSelector.matchLabels = { app: 'other' }; },
    (o) => { policy(o).spec.ingress[0].ports[0].port = 'http'; },
    (o) => { policy(o).spec.egress.push({ to: [{ podSelector: { matchLabels: { app: 'other' } } }], ports: [{ port: 1 }] }); },
  ],
  every_pod_is_closed_both_ways: [
    (o) => { drop(o, 'NetworkPolicy'); },
    (o) => { policy(o).spec.ingress.push({ ports: [{ port: 'grpc' }] }); },
    (o) => { policy(o).spec.egress.push({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }); },
  ],
  the_gateway_may_ask_names_and_be_called: [
    (o) => { find(o, 'NetworkPolicy', 'enos-flow-gateway-to-dns').spec.egress = []; },
    (o) => { policy(o).spec.ingress[0].from = [{ podSelector: { matchLabels: { 'enos-flow-gateway/client': 'true' } } }]; },
    (o) => { o.splice(0, o.length, ...o.filter((each) => each.metadata.name !== 'enos-flow-gateway-to-enos')); },
  ],
  traces_reach_the_collector: [
    (o) => { o.splice(0, o.length, ...o.filter((each) => each.metadata.name !== 'enos-flow-gateway-to-collector')); },
    (o) => { settings(o).OTEL_EXPORTER_OTLP_ENDPOINT = 'http://otel-collector:4317'; },
  ],
  keys_are_kept_where_all_replicas_find_them: [
    (o) => { settings(o).ENOS_GATEWAY_IDEMPOTENCY_STORE = 'sqlite:/tmp/keys'; },
    (o) => { o.splice(0, o.length, ...o.filter((each) => each.metadata.name !== 'enos-flow-gateway-to-store')); },
    (o) => { o.push({ kind: 'Secret', metadata: { name: 'enos-flow-gateway-store' }, data: { url: btoa('sqlite:/tmp/keys') } }); },
  ],
  pods_are_restricted: [
    (o) => { delete pod(o).securityContext.runAsUser; },
    (o) => { delete pod(o).securityContext.seccompProfile; },
    (o) => { delete pod(o).automountServiceAccountToken; },
    (o) => { pod(o).hostNetwork = true; },
    (o) => { delete container(o).securityContext.allowPrivilegeEscalation; },
    (o) => { container(o).securityContext.readOnlyRootFilesystem = false; },
    (o) => { container(o).securityContext.capabilities = { drop: ['NET_RAW'] }; },
  ],
  secrets_are_files_for_the_group_only: [
    (o) => { volume(o, 'keys').secret.defaultMode = 0o444; },
    (o) => { container(o).env.push({ name: 'ENOS_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'enos-flow-gateway-keys', key: 'access_key' } } }); },
  ],
  resources_are_asked_for_and_bounded: [
    (o) => { delete container(o).resources.limits; },
    (o) => { delete container(o).resources.requests.cpu; },
    (o) => { container(o).resources.limits.memory = '64Megs'; },
  ],
  memory_is_enough_for_the_calls_in_flight: [
    (o) => { settings(o).ENOS_GATEWAY_MAX_IN_FLIGHT = '10000'; },
    (o) => { delete settings(o).ENOS_GATEWAY_MAX_IN_FLIGHT; },
  ],
  monitors_find_a_port_and_the_job_name: [
    (o) => { ofKind(o, 'PodMonitor')[0].spec.podMetricsEndpoints[0].port = 'metrics'; },
    (o) => { ofKind(o, 'PodMonitor')[0].spec.jobLabel = 'app'; },
    (o) => { ofKind(o, 'PodMonitor')[0].spec.selector.matchLabels = { app: 'other' }; },
  ],
  port_names_are_unique: [(o) => { container(o).ports[1].name = 'grpc'; }],
};

test('every rule has a breakage', () => {
  assert.deepEqual(Object.keys(breakages).sort(), Object.keys(rules).sort());
});

for (const [name, list] of Object.entries(breakages)) {
  const unbroken = name.startsWith('the_front_') ? fronted : well;
  test(`${name} is silent about what is well`, () => assert.deepEqual(rules[name](unbroken, context), []));
  list.forEach((breakIt, index) => {
    test(`${name} sees breakage ${index + 1}`, () => {
      const broken = structuredClone(unbroken);
      breakIt(broken);
      assert.notDeepEqual(broken, unbroken, 'the breakage changed nothing');
      assert.notEqual(rules[name](broken, context).length, 0);
    });
  });
}

test('schemas refuse wrong types', () => {
  for (const kind of ['Deployment', 'PodMonitor', 'HorizontalPodAutoscaler']) {
    const object = structuredClone(ofKind(well, kind)[0]);
    assert.equal(schemaComplaint(object), undefined);
    object.spec = 'nothing';
    assert.match(schemaComplaint(object), new RegExp(kind));
  }
});

test('containers other than the gateway are looked at as well', () => {
  const objects = structuredClone(well);
  const other = structuredClone(gatewayOf(objects).workload);
  other.metadata.name = 'other';
  containersOf(other)[0].securityContext = {};
  objects.push(other);
  assert.match(rules.pods_are_restricted(objects, context).join(), /other/);
});

test('durations are read as the program reads them', () => {
  assert.deepEqual(['1m30s', '500ms', '2h', 'soon', '5'].map(seconds), [90, 0.5, 7200, NaN, NaN]);
});
