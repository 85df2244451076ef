#ifndef ENOS_TESTS_SUPPORT_SANITIZED_H_
#define ENOS_TESTS_SUPPORT_SANITIZED_H_

namespace enos {

// Whether this is a build with AddressSanitizer or ThreadSanitizer, which take memory and time of
// their own. g++ and clang++ say so differently.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_SANITIZED_H_
