#ifndef ENOS_SERVER_ENOS_JSON_TREE_H_
#define ENOS_SERVER_ENOS_JSON_TREE_H_

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

// An answer's JSON as a tree, mended where only a part cannot be read (mend_json.h). nullopt for
// what is no JSON all the same, or nests deeper than 64. Reading and freeing do not recurse.
std::optional<rapidjson::Document> ParseJsonTree(std::string_view json);

// The first of these members that is there and not null; null where none is. `value` may be
// anything.
const rapidjson::Value* FindMember(const rapidjson::Value& value, std::string_view name,
                                   std::string_view other_name = "");

// The text of a string; of a number or a boolean its JSON; of null nothing; of objects and arrays
// their JSON. Valid UTF-8.
std::string TextOf(const rapidjson::Value& value);

// The value of an integer, or of an integer in a string, that fits int32.
std::optional<int32_t> Int32Of(const rapidjson::Value& value);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_JSON_TREE_H_
