#ifndef ENOS_SERVER_TESTING_MOUNTED_FILES_H_
#define ENOS_SERVER_TESTING_MOUNTED_FILES_H_

#include <map>
#include <string>
#include <string_view>

namespace enos::gateway {

// For tests: a folder of files as Kubernetes mounts a Secret or ConfigMap, and changes it.
//
//   tls.crt -> ..data/tls.crt     ..data -> ..version_1     ..version_1/tls.crt
//
// A change makes a new ..version_N with all files, then swaps ..data by rename(2): whoever opens a
// path gets the old or the new file, whole. The folder is deleted with this object. Dies when the
// system refuses something, which in a test cannot be handled better.
class MountedFiles {
 public:
  using Contents = std::map<std::string, std::string>;  // by file name

  explicit MountedFiles(const Contents& contents);
  ~MountedFiles();
  MountedFiles(const MountedFiles&) = delete;
  MountedFiles& operator=(const MountedFiles&) = delete;

  std::string path(std::string_view name) const;

  // All files of the new version; names that were there before keep their place.
  void Swap(const Contents& contents);

  // Writes into a file in place, as an editor or a careless script does.
  void Overwrite(std::string_view name, std::string_view content) const;

 private:
  std::string folder_;
  int version_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_MOUNTED_FILES_H_
