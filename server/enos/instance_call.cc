#include "server/enos/instance_call.h"

#include "server/enos/json_writer.h"

namespace enos::gateway {

EnosQuery GetInstanceQuery(const InstanceTarget& target) {
  EnosQuery query;
  query.Add("action", "get");
  query.Add("flowInstId", target.flow_instance_id);
  query.Add("orgId", target.org_id);
  query.Add("userId", target.user_id);
  return query;
}

EnosQuery CancelInstanceQuery(const InstanceTarget& target) {
  EnosQuery query;
  query.Add("action", "cancel");
  query.Add("orgId", target.org_id);
  query.Add("userId", target.user_id);
  return query;
}

std::string CancelInstanceBody(const InstanceTarget& target) {
  StringSink sink(target.flow_instance_id.size() + 20);
  JsonWriter writer(sink);
  writer.StartObject();
  WriteKey(writer, "flowInstId");
  WriteString(writer, target.flow_instance_id);
  writer.EndObject();
  return sink.Take();
}

EnosQuery TimeQuery(std::string_view action) {
  EnosQuery query;
  query.Add("action", action);
  return query;
}

}  // namespace enos::gateway
