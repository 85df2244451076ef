#include "server/standard/reflection_answer.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/status_code_enum.h>

#include <unordered_set>

namespace enos::gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using grpc::reflection::v1::ExtensionRequest;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

void AnswerError(grpc::StatusCode code, const char* message, ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

void AnswerFile(const FileDescriptor* file, const char* not_found,
                ServerReflectionResponse& response) {
  if (file == nullptr) return AnswerError(grpc::StatusCode::NOT_FOUND, not_found, response);
  auto& answer = *response.mutable_file_descriptor_response();
  std::vector<const FileDescriptor*> files{file};
  std::unordered_set<const FileDescriptor*> seen{file};
  // The requested file comes first, as clients expect.
  for (size_t i = 0; i < files.size(); ++i) {
    FileDescriptorProto proto;
    files[i]->CopyTo(&proto);
    proto.SerializeToString(answer.add_file_descriptor_proto());
    for (int j = 0; j < files[i]->dependency_count(); ++j) {
      const FileDescriptor* const import = files[i]->dependency(j);
      if (seen.insert(import).second) files.push_back(import);
    }
  }
}

void AnswerExtension(const ExtensionRequest& request, const DescriptorPool& pool,
                     ServerReflectionResponse& response) {
  const auto* const type = pool.FindMessageTypeByName(request.containing_type());
  const FieldDescriptor* const extension =
      type == nullptr ? nullptr : pool.FindExtensionByNumber(type, request.extension_number());
  AnswerFile(extension == nullptr ? nullptr : extension->file(),
             "no such extension is known to this server", response);
}

void AnswerExtensionNumbers(const std::string& name, const DescriptorPool& pool,
                            ServerReflectionResponse& response) {
  const auto* const type = pool.FindMessageTypeByName(name);
  if (type == nullptr) {
    return AnswerError(grpc::StatusCode::NOT_FOUND, "this server has no such type", response);
  }
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(name);
  for (const FieldDescriptor* extension : extensions) {
    answer.add_extension_number(extension->number());
  }
}

}  // namespace

ServerReflectionResponse AnswerReflection(const ServerReflectionRequest& request,
                                          const DescriptorPool& pool,
                                          const std::vector<std::string>& services) {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      AnswerFile(pool.FindFileByName(request.file_by_filename()), "this server has no such file",
                 response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                 "this server has no such symbol", response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      AnswerExtension(request.file_containing_extension(), pool, response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AnswerExtensionNumbers(request.all_extension_numbers_of_type(), pool, response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      AnswerError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", response);
      break;
  }
  return response;
}

}  // namespace enos::gateway
