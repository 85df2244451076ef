#ifndef ENOS_SERVER_ENOS_INSTANCE_CALL_H_
#define ENOS_SERVER_ENOS_INSTANCE_CALL_H_

#include <string>
#include <string_view>

#include "server/enos/enos_query.h"

namespace enos::gateway {

// A run, and who asks for it. Valid as validation.h says.
struct InstanceTarget {
  std::string user_id;
  std::string org_id;
  std::string flow_instance_id;

  friend bool operator==(const InstanceTarget& a, const InstanceTarget& b) {
    return a.flow_instance_id == b.flow_instance_id && a.user_id == b.user_id &&
           a.org_id == b.org_id;
  }
  template <typename H>
  friend H AbslHashValue(H hash, const InstanceTarget& target) {
    return H::combine(std::move(hash), target.flow_instance_id, target.user_id, target.org_id);
  }
};

// GET flowInstances?action=get
EnosQuery GetInstanceQuery(const InstanceTarget& target);

// POST flowInstances?action=cancel, with its body.
EnosQuery CancelInstanceQuery(const InstanceTarget& target);
std::string CancelInstanceBody(const InstanceTarget& target);

// GET time?action=..., which is about nobody: "getTimeZone" or "getCurrentTime".
EnosQuery TimeQuery(std::string_view action);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_INSTANCE_CALL_H_
