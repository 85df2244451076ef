#ifndef ENOS_BENCH_MICRO_SAMPLES_H_
#define ENOS_BENCH_MICRO_SAMPLES_H_

#include <cstdint>
#include <string_view>

#include "enos/dataflow/v1/flow_service.pb.h"

namespace enos::bench {

// A valid request with so many parameters: the requests of bench/harness/messages.py.
dataflow::v1::UpdateAndTriggerFlowRequest SampleRequest(int64_t parameters);

inline constexpr std::string_view kToken = "0123456789abcdef0123456789abcdef";
inline constexpr std::string_view kAccessKey = "bench-access-key";
inline constexpr std::string_view kSecretKey = "bench-secret-key";
inline constexpr int64_t kTimestampMs = 1572574909697;

// What EnOS answers.
inline constexpr std::string_view kStarted =
    R"({"status":0,"msg":" Success","data":{"flowInstanceId":"2791-19700101000000"}})";
inline constexpr std::string_view kRefused =
    R"({"code":62101,"msg":"userId does not exist, or it does not match to orgId.",)"
    R"("requestId":"5f0c2a4e-1c7e-4d0b-8f6b-2f2d0e1f9a11","data":null})";
inline constexpr std::string_view kHtml =
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
    "Gateway</h1></center><hr><center>nginx</center></body></html>";

}  // namespace enos::bench

#endif  // ENOS_BENCH_MICRO_SAMPLES_H_
