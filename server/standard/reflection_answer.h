#ifndef ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_
#define ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace enos::gateway {

// What grpc.reflection.v1alpha answers to one request: `services` when they are asked for, else
// what `pool` has. Files come with all that they import, each once. What is not there is an
// error_response (NOT_FOUND), a request without a question one of INVALID_ARGUMENT. Thread-safe
// where the pool is, as the generated one is.
grpc::reflection::v1alpha::ServerReflectionResponse AnswerReflection(
    const grpc::reflection::v1alpha::ServerReflectionRequest& request,
    const google::protobuf::DescriptorPool& pool, const std::vector<std::string>& services);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_
