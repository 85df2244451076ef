#ifndef ENOS_SERVER_BASE_EDIT_DISTANCE_H_
#define ENOS_SERVER_BASE_EDIT_DISTANCE_H_

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace enos::gateway {

// Letters to add, take away or replace to make one of the other (Levenshtein). Also for enos-flow,
// which includes this file alone.
inline size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_EDIT_DISTANCE_H_
