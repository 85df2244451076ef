# frozen_string_literal: true

# Starts an EnOS flow through the gateway and prints the id of its instance.

require 'optparse'

require 'enos/dataflow/v1/flow_service_services_pb'
require_relative 'flow_failure'

# No retryPolicy: the call is not idempotent, so only this program may repeat it.
CHANNEL_ARGS = {
  'grpc.service_config' => '{"loadBalancingConfig": [{"round_robin": {}}]}',
  'grpc.service_config_disable_resolution' => 1 # from DNS, which could supply a retryPolicy
}.freeze

def parameter(text)
  key, value = text.split('=', 2)
  raise OptionParser::InvalidArgument, 'expected KEY=VALUE' unless value

  Enos::Dataflow::V1::FlowParameter.new(key: key, value: value)
end

def read_options
  options = { address: '127.0.0.1:50051', user_id: '', org_id: '', flow_id: 0, param: [], timeout: 30.0, attempts: 4 }
  parser = OptionParser.new do |flags|
    flags.on('--address=HOST:PORT', 'the gateway')
    flags.on('--ca_file=FILE', 'TLS, trusting the CA certificates in this PEM file; without it: plaintext')
    flags.on('--user_id=ID', 'the EnOS user')
    flags.on('--org_id=ID', "the user's organization")
    flags.on('--flow_id=N', Integer, 'the flow to start')
    flags.on('--param=KEY=VALUE', 'a parameter of the run; may be repeated') { |text| options[:param] << parameter(text) }
    flags.on('--timeout=SECONDS', Float, 'for everything, including retries')
    flags.on('--attempts=N', Integer, 'calls at most, the first one included')
  end
  given = {}
  rest = parser.parse(ARGV, into: given)
  raise OptionParser::InvalidOption, rest.first unless rest.empty?

  options.merge(given.reject { |name, _| name == :param })
end

def connect(address, ca_file)
  credentials = ca_file ? GRPC::Core::ChannelCredentials.new(File.read(ca_file)) : :this_channel_is_insecure
  Enos::Dataflow::V1::FlowService::Stub.new("dns:///#{address}", credentials, channel_args: CHANNEL_ARGS)
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

# Calls until the flow is started or a further call would be wrong; returns the exit status.
def trigger(stub, request, timeout, attempts)
  deadline = now + timeout
  1.upto(Float::INFINITY) do |attempt|
    puts stub.update_and_trigger_flow(request, deadline: Time.now + (deadline - now)).flow_instance_id
    return 0
  rescue GRPC::BadStatus => e
    failure = FlowFailure.new(e)
    warn failure
    wait = failure.wait(attempt, deadline - now)
    return verdict(failure) if wait.nil? || attempt >= attempts

    warn format('Calling again in %<wait>.3f s (attempt %<next>d of %<all>d).', wait: wait, next: attempt + 1, all: attempts)
    sleep wait
  end
end

def verdict(failure)
  if failure.not_executed?
    warn 'The flow was certainly not started.'
    1
  else
    warn 'The flow may have been started: look in EnOS before calling again.'
    3
  end
end

begin
  options = read_options
  stub = connect(options[:address], options[:ca_file])
  request = Enos::Dataflow::V1::UpdateAndTriggerFlowRequest.new(
    user_id: options[:user_id], org_id: options[:org_id], flow_id: options[:flow_id],
    trigger_time: Time.now, parameters: options[:param]
  )
rescue OptionParser::ParseError, SystemCallError, RangeError => e
  warn e.message
  exit 2
end
exit trigger(stub, request, options[:timeout], options[:attempts])
