#ifndef ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_
#define ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"

namespace enos::gateway {

// What grpc.reflection.v1 answers to one request: `services` if they are requested, otherwise
// what `pool` has. Files come with all their imports, without duplicates. What does not exist is an
// error_response (NOT_FOUND), a request without a question is one with INVALID_ARGUMENT.
// Thread-safe if the pool is, as the generated one is.
grpc::reflection::v1::ServerReflectionResponse AnswerReflection(
    const grpc::reflection::v1::ServerReflectionRequest& request,
    const google::protobuf::DescriptorPool& pool, const std::vector<std::string>& services);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_STANDARD_REFLECTION_ANSWER_H_
