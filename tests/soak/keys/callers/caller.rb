# frozen_string_literal: true

# A caller of the soak of keys over gRPC's own library for Ruby: see language_caller.h.

require 'base64'
require 'grpc'

ARGS = { 'grpc.service_config' => ENV.fetch('SERVICE_CONFIG') }.freeze
METHOD = '/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow'
BYTES = ->(bytes) { bytes } # as a stub does, without messages
stubs = Hash.new do |all, address|
  all[address] = GRPC::ClientStub.new(address, :this_channel_is_insecure, channel_args: ARGS)
end

$stdout.sync = true
$stdin.each_line do |line|
  address, milliseconds, request = line.split
  begin
    told = stubs[address].request_response(METHOD, Base64.strict_decode64(request), BYTES, BYTES,
                                           deadline: Time.now + milliseconds.to_f / 1000)
    code = 0
  rescue GRPC::BadStatus => e
    code = e.code
    told = e.metadata['grpc-status-details-bin'] || ''
  end
  puts "#{code} #{told.empty? ? '-' : Base64.strict_encode64(told)}"
end
