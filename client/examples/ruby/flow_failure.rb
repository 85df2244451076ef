# frozen_string_literal: true

require 'google/protobuf/well_known_types'
require 'google/rpc/error_details_pb'
require 'google/rpc/status_pb'
require 'grpc'

# What the gateway says about a call that failed, and whether the call may be repeated.
class FlowFailure
  DOMAIN = 'enos-flow-gateway'
  NOT_EXECUTED = 'NOT_EXECUTED' # a promise: the flow was not started
  UNKNOWN = 'UNKNOWN' # it may have been started
  MAY_PASS = [GRPC::Core::StatusCodes::UNAVAILABLE, GRPC::Core::StatusCodes::RESOURCE_EXHAUSTED].freeze

  attr_reader :execution

  # An error without the gateway's ErrorInfo came from a library or a proxy on the way, which cannot know whether the
  # flow was started.
  def initialize(error)
    @code = error.code
    @message = error.details
    @reason = 'no reason'
    @execution = UNKNOWN
    @metadata = {} # enos_code, enos_message and so on
    @violations = []
    error.to_rpc_status&.details&.each { |detail| unpack(detail) }
  end

  def not_executed?
    @execution == NOT_EXECUTED
  end

  # Seconds to wait before the call may be repeated; nil: it must not be, or repeating would not help. Only what was certainly
  # not started may be repeated; only these two codes may be temporary.
  def wait(attempt, time_left)
    return unless not_executed? && MAY_PASS.include?(@code)

    # Without RetryInfo: back off, with full jitter.
    wait = @retry_after || rand * [5, 0.2 * 2**(attempt - 1)].min
    wait if wait < time_left
  end

  def to_s
    lines = ["#{code_name} (#{@reason}), execution #{@execution}: #{@message}"]
    lines += @violations.map { |violation| "  field #{violation.field}: #{violation.description}" }
    lines << "  EnOS code #{@metadata['enos_code']}: #{@metadata['enos_message']}" if @metadata.key?('enos_code')
    lines.join("\n")
  end

  private

  def unpack(detail)
    case detail.type_name
    when 'google.rpc.ErrorInfo' then take_info(detail.unpack(Google::Rpc::ErrorInfo))
    when 'google.rpc.BadRequest' then @violations = detail.unpack(Google::Rpc::BadRequest).field_violations.to_a
    when 'google.rpc.RetryInfo'
      delay = detail.unpack(Google::Rpc::RetryInfo).retry_delay
      @retry_after = delay ? delay.seconds + delay.nanos / 1e9 : 0
    end
  end

  def take_info(info)
    return unless info.domain == DOMAIN

    @reason = info.reason
    @metadata = info.metadata.to_h
    @execution = NOT_EXECUTED if @metadata['execution'] == NOT_EXECUTED
  end

  def code_name
    GRPC::Core::StatusCodes.constants.find { |name| GRPC::Core::StatusCodes.const_get(name) == @code } || @code
  end
end
