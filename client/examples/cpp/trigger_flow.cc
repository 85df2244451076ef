// Starts an EnOS flow through the gateway and prints the id of its instance. Needs only
// stubs generated from the proto; the library in client/ does the same with less code.
#include <google/protobuf/util/time_util.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "flow_failure.h"
#include "options.h"

namespace {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowRequest;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;
using std::chrono::milliseconds;
using Clock = std::chrono::system_clock;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& ca_file) {
  if (ca_file.empty()) return grpc::InsecureChannelCredentials();
  std::ifstream file(ca_file);
  if (!file) throw std::invalid_argument("--ca_file=" + ca_file + ": cannot be read");
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  return grpc::SslCredentials(ssl);
}

std::shared_ptr<grpc::Channel> Connect(const Options& options) {
  grpc::ChannelArguments arguments;
  // No retryPolicy: the call is not idempotent, so only this program may repeat it.
  arguments.SetServiceConfigJSON(R"({"loadBalancingConfig": [{"round_robin": {}}]})");
  // From DNS, which could supply a retryPolicy.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel("dns:///" + options.address, Credentials(options.ca_file),
                                   arguments);
}

UpdateAndTriggerFlowRequest MakeRequest(const Options& options) {
  UpdateAndTriggerFlowRequest request;
  request.set_user_id(options.user_id);
  request.set_org_id(options.org_id);
  request.set_flow_id(options.flow_id);
  *request.mutable_trigger_time() = google::protobuf::util::TimeUtil::GetCurrentTime();
  for (const auto& [key, value] : options.parameters) {
    auto* parameter = request.add_parameters();
    parameter->set_key(key);
    parameter->set_value(value);
  }
  return request;
}

int Verdict(const FlowFailure& failure) {
  if (failure.certainly_not_started()) {
    std::cerr << "The flow was certainly not started.\n";
    return 1;
  }
  std::cerr << "The flow may have been started: look in EnOS before calling again.\n";
  return 3;
}

// Calls until the flow is started or a further call would be wrong; returns the exit status.
int Trigger(FlowService::Stub& stub, const UpdateAndTriggerFlowRequest& request,
            Clock::time_point deadline, int attempts) {
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    UpdateAndTriggerFlowResponse response;
    const grpc::Status status = stub.UpdateAndTriggerFlow(&context, request, &response);
    if (status.ok()) {
      std::cout << response.flow_instance_id() << "\n";
      return 0;
    }
    const FlowFailure failure(status);
    std::cerr << failure << "\n";
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    const auto wait = failure.WaitBeforeRepeat(attempt, left);
    if (!wait || attempt >= attempts) return Verdict(failure);
    std::cerr << "Calling again in " << std::fixed << std::setprecision(3)
              << static_cast<double>(wait->count()) / 1000 << " s (attempt " << attempt + 1
              << " of " << attempts << ")." << std::endl;
    std::this_thread::sleep_for(*wait);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = ParseOptions(argc, argv);
    const auto deadline =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(options.timeout_seconds));
    FlowService::Stub stub(Connect(options));
    return Trigger(stub, MakeRequest(options), deadline, options.attempts);
  } catch (const std::invalid_argument& wrong) {
    std::cerr << wrong.what() << "\n";
    return 2;
  }
}
