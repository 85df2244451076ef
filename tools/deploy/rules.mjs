// What has to hold between the objects of an overlay and no schema can see. A rule is a function of the objects and the
// context that gives complaints; rules_test.mjs shows of each that it can fail.
import { policyComplaint } from './policy.mjs';
import {
  containersOf, cpus, find, frontOf, gatewayOf, hasPort, mebibytes, nameOf, ofKind, podOf, portsOf, seconds, selected,
  selects, workloads,
} from './objects.mjs';

// Secrets that people bring themselves, with the keys that the documentation promises to read.
export const EXTERNAL_SECRETS = {
  'enos-flow-gateway-keys': ['access_key', 'secret_key'],
  'enos-flow-gateway-tls': ['tls.crt', 'tls.key', 'ca.crt'],
  'enos-flow-gateway-store': ['url', 'ca.crt'],
};
// And ConfigMaps, likewise.
export const EXTERNAL_CONFIG_MAPS = {
  'enos-flow-gateway-jwt-keys': ['jwks.json'],
};

// The figures of bench/README.md: idle, and for each call in flight.
const IDLE_MIB = 30;
const CALL_MIB = 39 / 1024;

const STORE_PORT = 5432;
const collectorPort = ({ OTEL_EXPORTER_OTLP_ENDPOINT: url }) => url && Number(new URL(url).port);

// Seconds after the drain, and an export that is in progress then (docs/operating.md: Traces).
const LAST_TRACES = 3 + 10;

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'];

export const rules = {
  probes_ask_a_declared_port(objects) {
    return eachContainer(objects, (container, where) => PROBES.flatMap((probe) => {
      const port = container[probe]?.httpGet?.port;
      if (port === undefined) return [];
      const declared = (container.ports ?? []).some((each) => each.name === port || each.containerPort === port);
      return declared ? [] : [`${where}: ${probe} asks port ${port}, which is not declared`];
    }));
  },

  the_gateway_has_all_probes_on_its_operations_port(objects) {
    const { container } = gatewayOf(objects);
    return PROBES.filter((probe) => container[probe]?.httpGet?.port !== 'ops')
      .map((probe) => `the gateway's ${probe} does not ask the port ops`);
  },

  objects_have_the_common_labels(objects) {
    const own = objects.filter((object) => object.metadata.name.startsWith('enos-')); // not a caller's
    return own.flatMap((object) => ['name', 'part-of'].filter((label) => !object.metadata.labels?.[`app.kubernetes.io/${label}`])
      .map((label) => `${nameOf(object)} has no label app.kubernetes.io/${label}`));
  },

  ports_of_services_say_that_they_speak_grpc(objects) {
    return ofKind(objects, 'Service').flatMap((service) => service.spec.ports
      .filter((port) => (port.name === 'grpc') !== (port.appProtocol === 'grpc'))
      .map((port) => `${nameOf(service)}: port ${port.name} has the appProtocol ${port.appProtocol}`));
  },

  the_edge_leads_to_the_gateway_and_never_repeats_a_call(objects) {
    const grpc = (name, port) => find(objects, 'Service', name)?.spec.ports.some((each) => each.port === port || each.name === port);
    return [
      ...ofKind(objects, 'GRPCRoute').flatMap((route) => route.spec.rules.flatMap((rule) => [
        ...rule.backendRefs.filter((each) => !grpc(each.name, each.port)).map((each) => `${nameOf(route)} leads to ${each.name}, port ${each.port}, which is not there`),
        ...(rule.retry ? [`${nameOf(route)} repeats calls`] : []),
      ])),
      ...ofKind(objects, 'Ingress').flatMap((ingress) => [
        ...ingress.spec.rules.flatMap((rule) => rule.http.paths.map(({ backend }) => backend.service))
          .filter((each) => !grpc(each.name, each.port.name)).map((each) => `${nameOf(ingress)} leads to ${each.name}, port ${each.port.name}, which is not there`),
        ...(ingress.metadata.annotations['nginx.ingress.kubernetes.io/proxy-next-upstream'] === 'off' ? [] : [`${nameOf(ingress)} may send a call to a second Pod`]),
      ]),
    ];
  },

  services_select_pods_that_have_their_port(objects) {
    return ofKind(objects, 'Service').flatMap((service) => {
      const pods = selected(objects, service.spec.selector);
      if (pods.length !== 1) return [`${nameOf(service)} selects the Pods of ${pods.length} workloads, not of one`];
      return service.spec.ports.filter((port) => !hasPort(pods[0], port.targetPort ?? port.port))
        .map((port) => `${nameOf(service)}: ${nameOf(pods[0])} has no port ${port.targetPort}`);
    });
  },

  there_is_a_service_and_a_headless_service(objects) {
    const { workload } = gatewayOf(objects);
    const mine = ofKind(objects, 'Service').filter((service) => selects(service.spec.selector, workload));
    const headless = mine.filter((service) => service.spec.clusterIP === 'None').length;
    return mine.length === 2 && headless === 1 ? [] : [`the gateway has ${mine.length} Services, ${headless} of them headless`];
  },

  selectors_match_the_own_pods(objects) {
    return workloads(objects).flatMap((workload) => [
      ...(selects(workload.spec.selector, workload) ? [] : [`${nameOf(workload)} does not select its own Pods`]),
      ...(podOf(workload).topologySpreadConstraints ?? [])
        .filter((constraint) => !selects(constraint.labelSelector, workload))
        .map((constraint) => `${nameOf(workload)} spreads other Pods than its own over ${constraint.topologyKey}`),
    ]);
  },

  config_maps_and_secrets_exist_with_their_keys(objects) {
    return workloads(objects).flatMap((workload) => references(workload).flatMap(({ kind, name, keys }) => {
      const known = keysOf(objects, kind, name);
      if (!known) return [`${nameOf(workload)} refers to ${kind} ${name}, which is not there`];
      return keys.filter((key) => !known.includes(key)).map((key) => `${kind} ${name} has no key ${key}`);
    }));
  },

  files_named_in_settings_are_mounted(objects) {
    const { workload, container, environment } = gatewayOf(objects);
    return Object.entries(environment).filter(([name, value]) => name.endsWith('_FILE') && value).flatMap(([name, path]) => {
      const mount = (container.volumeMounts ?? []).find((each) => path.startsWith(`${each.mountPath}/`));
      if (!mount) return [`${name}=${path} lies on no mounted volume`];
      const volume = (podOf(workload).volumes ?? []).find((each) => each.name === mount.name);
      const [kind, source] = volume?.secret ? ['Secret', volume.secret.secretName] : ['ConfigMap', volume?.configMap?.name];
      const known = keysOf(objects, kind, source) ?? [];
      return known.includes(path.slice(mount.mountPath.length + 1)) ? [] : [`${name}=${path}: ${kind} ${source} has no such key`];
    });
  },

  volume_mounts_have_volumes(objects) {
    return workloads(objects).flatMap((workload) => {
      const volumes = (podOf(workload).volumes ?? []).map((volume) => volume.name);
      return containersOf(workload).flatMap((container) => container.volumeMounts ?? [])
        .filter((mount) => !volumes.includes(mount.name))
        .map((mount) => `${nameOf(workload)} mounts ${mount.name}, which is no volume`);
    });
  },

  settings_are_known_to_the_program(objects, { variables }) {
    const { environment } = gatewayOf(objects);
    const isKnown = (name) => variables.has(name) || name.startsWith('OTEL_'); // OpenTelemetry's own are not in the help
    return Object.keys(environment).filter((name) => !isKnown(name)).map((name) => `the gateway knows no setting ${name}`);
  },

  settings_have_what_is_required(objects) {
    const { environment } = gatewayOf(objects);
    const own = environment.ENOS_GATEWAY_LISTEN?.startsWith('127.0.0.1:'); // of the Pod alone
    const encrypted = own || (environment.ENOS_GATEWAY_TLS_CERT_FILE && environment.ENOS_GATEWAY_TLS_KEY_FILE);
    return [
      ...(environment.ENOS_API_URL ? [] : ['ENOS_API_URL is missing']),
      ...(encrypted || environment.ENOS_GATEWAY_ALLOW_PLAINTEXT === 'true' ? [] : ['neither a certificate nor plaintext']),
      ...(environment.ENOS_API_URL?.startsWith('http:') && environment.ENOS_GATEWAY_ALLOW_PLAINTEXT_UPSTREAM !== 'true'
        ? ['ENOS_API_URL is http, which is not allowed'] : []),
    ];
  },

  who_may_call_is_decided(objects) {
    const { environment } = gatewayOf(objects);
    const tokens = ['KEYS_FILE', 'ISSUER', 'AUDIENCE'].filter((name) => environment[`ENOS_GATEWAY_JWT_${name}`]).length;
    const complaints = [];
    if (tokens === 1 || tokens === 2) complaints.push('bearer tokens have only a part of their settings');
    if (environment.ENOS_GATEWAY_ALLOW_PLAINTEXT === 'true') return complaints; // for trying out
    if (!environment.ENOS_GATEWAY_POLICY_FILE) complaints.push('no policy says who may call');
    const certificates = environment.ENOS_GATEWAY_TLS_CLIENT_CA_FILE || environment.ENOS_GATEWAY_FRONT_SOCKET;
    if (!certificates && tokens === 0) complaints.push('callers have neither certificates nor tokens');
    if (environment.ENOS_GATEWAY_REFLECTION !== 'false') complaints.push('reflection is on, and asks nobody who he is');
    return complaints;
  },

  the_policy_is_as_documented(objects) {
    const { workload, container, environment } = gatewayOf(objects);
    const path = environment.ENOS_GATEWAY_POLICY_FILE;
    if (!path) return [];
    const mount = (container.volumeMounts ?? []).find((each) => path.startsWith(`${each.mountPath}/`));
    const volume = (podOf(workload).volumes ?? []).find((each) => each.name === mount?.name);
    const text = find(objects, 'ConfigMap', volume?.configMap?.name)?.data?.[path.slice((mount?.mountPath.length ?? 0) + 1)];
    const complaint = text === undefined ? 'is in no ConfigMap' : policyComplaint(text);
    return complaint ? [`the policy ${path} ${complaint}`] : [];
  },

  changed_files_arrive_in_running_pods(objects) {
    const { workload, container } = gatewayOf(objects);
    const hashed = /-[2456789bcdfghkmt]{10}$/;
    return [
      ...(container.volumeMounts ?? []).filter((mount) => mount.subPath)
        .map((mount) => `${mount.mountPath} is mounted by subPath, which never changes`),
      ...(podOf(workload).volumes ?? []).filter(({ name }) => (container.volumeMounts ?? []).some((mount) => mount.name === name))
        .map(({ configMap, secret }) => configMap?.name ?? secret?.secretName)
        .filter((name) => hashed.test(name)).map((name) => `${name} has a hash in its name: a change is another object`),
      ...(podOf(workload).volumes ?? []).filter(({ configMap, secret }) => find(objects, 'ConfigMap', configMap?.name)?.immutable
        || find(objects, 'Secret', secret?.secretName)?.immutable).map(({ name }) => `what ${name} holds is immutable`),
    ];
  },

  the_grace_period_is_longer_than_the_drain(objects, { variables }) {
    const { workload, environment } = gatewayOf(objects);
    const delay = duration('ENOS_GATEWAY_DRAIN_DELAY', environment, variables);
    const timeout = duration('ENOS_GATEWAY_DRAIN_TIMEOUT', environment, variables);
    const traces = collectorPort(environment) ? LAST_TRACES : 0;
    const grace = podOf(workload).terminationGracePeriodSeconds ?? 30;
    return grace >= delay + timeout + traces + 5 ? []
      : [`${grace} s of grace are too short for ${delay} s + ${timeout} s of drain, ${traces} s for traces and 5 s`];
  },

  the_front_is_the_only_way_in(objects) {
    const { workload, container, environment } = gatewayOf(objects);
    const front = frontOf(objects);
    const socket = environment.ENOS_GATEWAY_FRONT_SOCKET;
    if (!front) return socket ? ['there is a front socket, and no front'] : [];
    const shared = (each) => (each.volumeMounts ?? []).find((mount) => socket?.startsWith(`${mount.mountPath}/`))?.name;
    const volume = (podOf(workload).volumes ?? []).find(({ name }) => name === shared(container));
    const configuration = configurationOf(front, objects);
    return [
      ...(volume?.emptyDir && shared(front) === volume.name ? [] : [`gateway and front share no emptyDir for ${socket}`]),
      ...(configuration.includes(`server unix:${socket} `) ? [] : [`nginx.conf has another socket than ${socket}`]),
      ...(environment.ENOS_GATEWAY_LISTEN?.startsWith('127.0.0.1:') ? [] : ['callers can go around the front']),
      ...((container.ports ?? []).some((port) => port.name === 'grpc') ? ['the port grpc is the gateway\'s, not the front\'s'] : []),
    ];
  },

  // So that it is the gateway that says what is too much.
  the_front_lets_through_what_the_gateway_takes(objects, { variables }) {
    const { environment } = gatewayOf(objects);
    const front = frontOf(objects);
    if (!front) return [];
    const configuration = configurationOf(front, objects);
    return [['all', 'ENOS_GATEWAY_MAX_IN_FLIGHT'], ['watches', 'ENOS_GATEWAY_MAX_WATCHES']].flatMap(([zone, name]) => {
      const [, limit] = new RegExp(`limit_conn ${zone} (\\d+);`).exec(configuration) ?? [];
      const taken = Number(environment[name] ?? variables.get(name));
      return Number(limit) > taken ? [] : [`nginx.conf has ${limit} for the zone ${zone}, not more than the ${taken} of ${name}`];
    });
  },

  the_front_takes_calls_as_long_as_the_gateway(objects, { variables }) {
    const { environment } = gatewayOf(objects);
    const front = frontOf(objects);
    if (!front) return [];
    const delay = duration('ENOS_GATEWAY_DRAIN_DELAY', environment, variables);
    const [command, wait] = front.lifecycle?.preStop?.exec?.command ?? [];
    return command === 'sleep' && Number(wait) === delay ? [] : [`the front's preStop does not sleep for the drain delay, ${delay} s`];
  },

  callers_have_left_before_the_server_shuts_down(objects, { variables }) {
    const { environment } = gatewayOf(objects);
    const delay = duration('ENOS_GATEWAY_DRAIN_DELAY', environment, variables);
    const age = duration('ENOS_GATEWAY_MAX_CONNECTION_AGE', environment, variables);
    // gRPC lets connections grow older by up to a tenth.
    return age > 0 && delay >= age * 1.1 + 5 ? [] : [`after a drain delay of ${delay} s connections of up to ${age} s are still there`];
  },

  the_drain_is_longer_than_a_call(objects, { variables }) {
    const { environment } = gatewayOf(objects);
    const timeout = duration('ENOS_GATEWAY_DRAIN_TIMEOUT', environment, variables);
    const call = duration('ENOS_GATEWAY_UPSTREAM_TIMEOUT', environment, variables);
    return timeout > call + 5 ? [] : [`a drain of ${timeout} s is too short for calls of ${call} s and 5 s`];
  },

  no_pod_goes_before_another_is_ready(objects) {
    const { workload } = gatewayOf(objects);
    const { maxUnavailable, maxSurge } = workload.spec.strategy?.rollingUpdate ?? {};
    return maxUnavailable === 0 && maxSurge >= 1 ? [] : [`${nameOf(workload)}: maxUnavailable is not 0, or maxSurge is`];
  },

  autoscalers_have_sense(objects) {
    return ofKind(objects, 'HorizontalPodAutoscaler').flatMap((scaler) => {
      const { minReplicas, maxReplicas, scaleTargetRef, metrics } = scaler.spec;
      const target = find(objects, scaleTargetRef.kind, scaleTargetRef.name);
      if (!target) return [`${nameOf(scaler)} scales ${scaleTargetRef.name}, which is not there`];
      return [
        ...(minReplicas >= 2 ? [] : [`${nameOf(scaler)} allows fewer than two Pods`]),
        ...(minReplicas < maxReplicas ? [] : [`${nameOf(scaler)}: minReplicas is not below maxReplicas`]),
        ...(target.spec.replicas === undefined ? [] : [`${nameOf(target)} has replicas, which every apply would set again`]),
        ...metrics.filter((metric) => metric.type === 'Resource')
          .filter(({ resource }) => containersOf(target).some((each) => !each.resources?.requests?.[resource.name]))
          .map(({ resource }) => `${nameOf(scaler)} goes by ${resource.name}, of which a container requests none`),
      ];
    });
  },

  without_autoscaler_there_are_two_replicas(objects) {
    const { workload } = gatewayOf(objects);
    return ofKind(objects, 'HorizontalPodAutoscaler').length > 0 || workload.spec.replicas >= 2
      ? [] : [`${nameOf(workload)} has fewer than two replicas`];
  },

  the_disruption_budget_allows_one(objects) {
    const { workload } = gatewayOf(objects);
    const mine = ofKind(objects, 'PodDisruptionBudget').filter((budget) => selects(budget.spec.selector, workload));
    return mine.length === 1 && mine[0].spec.maxUnavailable === 1 ? [] : ['the gateway has no budget of one Pod at a time'];
  },

  network_policies_name_pods_and_ports_that_exist(objects) {
    return ofKind(objects, 'NetworkPolicy').flatMap((policy) => {
      const subjects = selected(objects, policy.spec.podSelector);
      const peers = (policy.spec.egress ?? []).flatMap((rule) => (rule.to ?? []).map((peer) => ({ peer, rule })));
      return [
        ...(subjects.length === 0 ? [`${nameOf(policy)} is for no Pod`] : []),
        ...(policy.spec.ingress ?? []).flatMap((rule) => rule.ports ?? [])
          .filter((port) => !subjects.every((workload) => hasPort(workload, port.port)))
          .map((port) => `${nameOf(policy)} lets in to port ${port.port}, which is not there`),
        ...peers.filter(({ peer }) => peer.podSelector && !peer.namespaceSelector).flatMap(({ peer, rule }) =>
          rule.ports.filter((port) => !selected(objects, peer.podSelector).some((workload) => hasPort(workload, port.port)))
            .map((port) => `${nameOf(policy)} lets out to port ${port.port} of Pods that are not there`)),
      ];
    });
  },

  every_pod_is_closed_both_ways(objects) {
    return workloads(objects).flatMap((workload) => ['Ingress', 'Egress'].flatMap((direction) => {
      const mine = ofKind(objects, 'NetworkPolicy')
        .filter((policy) => policy.spec.policyTypes.includes(direction) && selects(policy.spec.podSelector, workload));
      const side = direction === 'Ingress' ? ['ingress', 'from'] : ['egress', 'to'];
      const open = mine.flatMap((policy) => policy.spec[side[0]] ?? [])
        .filter((rule) => !rule[side[1]]?.length || !rule.ports?.length);
      if (mine.length === 0) return [`${nameOf(workload)}: no NetworkPolicy closes ${direction}`];
      return open.length === 0 ? [] : [`${nameOf(workload)}: a NetworkPolicy opens ${direction} for everything`];
    }));
  },

  the_gateway_may_ask_names_and_be_called(objects) {
    const { workload, environment } = gatewayOf(objects);
    const mine = ofKind(objects, 'NetworkPolicy').filter((policy) => selects(policy.spec.podSelector, workload));
    const out = outgoingPorts(mine);
    const callers = mine.flatMap((policy) => policy.spec.ingress ?? [])
      .filter((rule) => rule.ports.some((port) => port.port === 'grpc'))
      .flatMap((rule) => rule.from).filter((peer) => peer.podSelector?.matchLabels?.['enos-flow-gateway/caller'] === 'true');
    return [
      ...(out.includes(53) ? [] : ['the gateway may not look names up']),
      ...(out.some((port) => ![53, STORE_PORT, collectorPort(environment)].includes(port)) ? [] : ['the gateway may not reach EnOS']),
      ...(callers.length > 0 ? [] : ['no Pod with the label enos-flow-gateway/caller may call']),
    ];
  },

  traces_reach_the_collector(objects) {
    const { workload, environment } = gatewayOf(objects);
    const port = collectorPort(environment);
    const mine = ofKind(objects, 'NetworkPolicy').filter((policy) => selects(policy.spec.podSelector, workload));
    return port && !outgoingPorts(mine).includes(port) ? ['the gateway may not reach its collector'] : [];
  },

  keys_are_kept_where_all_replicas_find_them(objects) {
    const { workload, environment } = gatewayOf(objects);
    const { ENOS_GATEWAY_IDEMPOTENCY_STORE: own, ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE: file } = environment;
    if (own) return ['the idempotency store is no file of a Secret: it has a password, or is no database for all replicas'];
    if (!file) return [];
    const mine = ofKind(objects, 'NetworkPolicy').filter((policy) => selects(policy.spec.podSelector, workload));
    const url = find(objects, 'Secret', 'enos-flow-gateway-store')?.data?.url; // of a database that people bring: not there
    return [
      ...(outgoingPorts(mine).includes(STORE_PORT) ? [] : ['the gateway may not reach its idempotency store']),
      ...(url === undefined || atob(url).startsWith('postgresql://') ? [] : ['the idempotency store is no database for all replicas']),
    ];
  },

  pods_are_restricted(objects) {
    return workloads(objects).flatMap((workload) => {
      const pod = podOf(workload);
      const context = pod.securityContext ?? {};
      const complaints = [];
      if (context.runAsNonRoot !== true || !(context.runAsUser > 0)) complaints.push('may run as root');
      if (context.seccompProfile?.type !== 'RuntimeDefault') complaints.push('has no seccomp profile');
      if (pod.automountServiceAccountToken !== false) complaints.push("has the API server's token");
      if (pod.hostNetwork || pod.hostPID || pod.hostIPC) complaints.push('shares the host\'s namespaces');
      for (const { securityContext: own = {} } of containersOf(workload)) {
        if (own.allowPrivilegeEscalation !== false) complaints.push('may escalate privileges');
        if (own.readOnlyRootFilesystem !== true) complaints.push('may write its root file system');
        if (!own.capabilities?.drop?.includes('ALL')) complaints.push('keeps capabilities');
      }
      return complaints.map((complaint) => `${nameOf(workload)} ${complaint}`);
    });
  },

  secrets_are_files_for_the_group_only(objects) {
    return workloads(objects).flatMap((workload) => [
      ...(podOf(workload).volumes ?? []).filter((volume) => volume.secret && volume.secret.defaultMode !== 0o440)
        .map((volume) => `${nameOf(workload)}: the files of ${volume.name} are not of mode 0440`),
      ...containersOf(workload).flatMap((container) => container.env ?? []).filter((each) => each.valueFrom?.secretKeyRef)
        .map((each) => `${nameOf(workload)}: ${each.name} is a secret in the environment`),
    ]);
  },

  resources_are_asked_for_and_bounded(objects) {
    return eachContainer(objects, ({ resources = {} }, where) => {
      const { requests = {}, limits = {} } = resources;
      return [
        ...(cpus(requests.cpu) > 0 ? [] : [`${where} requests no CPU`]),
        ...(mebibytes(requests.memory) <= mebibytes(limits.memory) ? [] : [`${where} requests more memory than its limit, or none`]),
      ];
    });
  },

  memory_is_enough_for_the_calls_in_flight(objects, { variables }) {
    const { container, environment } = gatewayOf(objects);
    const calls = Number(environment.ENOS_GATEWAY_MAX_IN_FLIGHT ?? variables.get('ENOS_GATEWAY_MAX_IN_FLIGHT'));
    const needed = IDLE_MIB + calls * CALL_MIB;
    return mebibytes(container.resources?.requests?.memory) >= needed
      ? [] : [`${calls} calls in flight need ${Math.ceil(needed)} MiB, more than is requested`];
  },

  monitors_find_a_port_and_the_job_name(objects, { jobName }) {
    return ofKind(objects, 'PodMonitor').flatMap((monitor) => {
      const pods = selected(objects, monitor.spec.selector);
      return [
        ...(pods.length === 1 ? [] : [`${nameOf(monitor)} selects the Pods of ${pods.length} workloads`]),
        ...pods.filter((workload) => workload.spec.template.metadata.labels[monitor.spec.jobLabel] !== jobName)
          .map((workload) => `${nameOf(monitor)}: ${nameOf(workload)} would not be the job ${jobName}`),
        ...monitor.spec.podMetricsEndpoints.filter((each) => !pods.every((workload) => hasPort(workload, each.port)))
          .map((each) => `${nameOf(monitor)} scrapes port ${each.port}, which is not there`),
      ];
    });
  },

  port_names_are_unique(objects) {
    return workloads(objects).filter((workload) => {
      const names = portsOf(workload).map((port) => port.name);
      return new Set(names).size !== names.length;
    }).map((workload) => `${nameOf(workload)} has two ports of one name`);
  },
};

function eachContainer(objects, look) {
  return workloads(objects).flatMap((workload) =>
    containersOf(workload).flatMap((container) => look(container, `${nameOf(workload)}, container ${container.name}`)));
}

// The keys of a ConfigMap or Secret of the overlay, or of one that people bring themselves; undefined where it is neither.
function keysOf(objects, kind, name) {
  const object = find(objects, kind, name);
  if (object) return Object.keys(object.data ?? {});
  return (kind === 'Secret' ? EXTERNAL_SECRETS : EXTERNAL_CONFIG_MAPS)[name];
}

const outgoingPorts = (policies) =>
  policies.flatMap((policy) => policy.spec.egress ?? []).flatMap((rule) => rule.ports.map((port) => port.port));

// What a workload takes from ConfigMaps and Secrets, with the keys it names.
function references(workload) {
  const found = [];
  const add = (kind, name, keys) => { if (name) found.push({ kind, name, keys }); };
  for (const container of containersOf(workload)) {
    for (const source of container.envFrom ?? []) {
      add('ConfigMap', source.configMapRef?.name, []);
      add('Secret', source.secretRef?.name, []);
    }
    for (const { valueFrom } of container.env ?? []) {
      add('ConfigMap', valueFrom?.configMapKeyRef?.name, [valueFrom?.configMapKeyRef?.key]);
      add('Secret', valueFrom?.secretKeyRef?.name, [valueFrom?.secretKeyRef?.key]);
    }
  }
  for (const { configMap, secret } of podOf(workload).volumes ?? []) {
    add('ConfigMap', configMap?.name, (configMap?.items ?? []).map((item) => item.key));
    add('Secret', secret?.secretName, (secret?.items ?? []).map((item) => item.key));
  }
  return found;
}

// The nginx.conf that the front mounts.
function configurationOf(front, objects) {
  const { workload } = gatewayOf(objects);
  return (front.volumeMounts ?? [])
    .map((mount) => (podOf(workload).volumes ?? []).find(({ name }) => name === mount.name)?.configMap?.name)
    .map((name) => find(objects, 'ConfigMap', name)?.data?.['nginx.conf']).find(Boolean) ?? '';
}

// A setting as seconds, the program's default where it is not set.
function duration(name, environment, variables) {
  return seconds(environment[name] ?? variables.get(name));
}
