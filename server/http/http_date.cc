#include "server/http/http_date.h"

#include <array>

namespace enos::gateway {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a text apart from its front. Once something does not fit, everything after fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void Literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return Fail();
    rest_.remove_prefix(expected.size());
  }

  // Exactly this many digits.
  int Digits(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        Fail();
        return 0;
      }
      value = 10 * value + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // asctime's day of the month: two digits, or a space and one digit.
  int PaddedDay() {
    if (rest_.substr(0, 1) != " ") return Digits(2);
    rest_.remove_prefix(1);
    return Digits(1);
  }

  // The index of the name that comes next.
  template <size_t kCount>
  int OneOf(const std::array<std::string_view, kCount>& names) {
    for (size_t i = 0; i < kCount; ++i) {
      if (rest_.substr(0, names[i].size()) == names[i]) {
        rest_.remove_prefix(names[i].size());
        return static_cast<int>(i);
      }
    }
    Fail();
    return 0;
  }

  bool AtEnd() const { return !failed_ && rest_.empty(); }

 private:
  void Fail() {
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

struct CivilTime {
  int year = 0;
  int month = 0;  // 1 to 12
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

bool IsLeapYear(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysOfMonth(int year, int month) {
  constexpr std::array<int, 12> kLengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kLengths[static_cast<size_t>(month - 1)];
}

// Days from 1970-01-01 to the first day of a year (0 to 9999) of the Gregorian calendar.
int64_t DaysBeforeYear(int year) {
  const int64_t years = year - 1;  // whole years since 0001-01-01; -1 for the year 0
  const auto floor_div = [](int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  return 365 * years + floor_div(years, 4) - floor_div(years, 100) + floor_div(years, 400) -
         719'162;
}

std::optional<int64_t> ToUnixTime(const CivilTime& time) {
  if (time.day < 1 || time.day > DaysOfMonth(time.year, time.month)) return std::nullopt;
  if (time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  int64_t days = DaysBeforeYear(time.year) + time.day - 1;
  for (int month = 1; month < time.month; ++month) days += DaysOfMonth(time.year, month);
  return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}

void ScanClock(Scanner& scanner, CivilTime& time) {
  time.hour = scanner.Digits(2);
  scanner.Literal(":");
  time.minute = scanner.Digits(2);
  scanner.Literal(":");
  time.second = scanner.Digits(2);
}

std::optional<CivilTime> ParseImfFixdate(std::string_view text) {
  Scanner scanner(text);
  CivilTime time;
  scanner.OneOf(kDays);
  scanner.Literal(", ");
  time.day = scanner.Digits(2);
  scanner.Literal(" ");
  time.month = scanner.OneOf(kMonths) + 1;
  scanner.Literal(" ");
  time.year = scanner.Digits(4);
  scanner.Literal(" ");
  ScanClock(scanner, time);
  scanner.Literal(" GMT");
  return scanner.AtEnd() ? std::optional(time) : std::nullopt;
}

// The year has two digits here and is 0 to 99.
std::optional<CivilTime> ParseRfc850(std::string_view text) {
  Scanner scanner(text);
  CivilTime time;
  scanner.OneOf(kLongDays);
  scanner.Literal(", ");
  time.day = scanner.Digits(2);
  scanner.Literal("-");
  time.month = scanner.OneOf(kMonths) + 1;
  scanner.Literal("-");
  time.year = scanner.Digits(2);
  scanner.Literal(" ");
  ScanClock(scanner, time);
  scanner.Literal(" GMT");
  return scanner.AtEnd() ? std::optional(time) : std::nullopt;
}

std::optional<CivilTime> ParseAsctime(std::string_view text) {
  Scanner scanner(text);
  CivilTime time;
  scanner.OneOf(kDays);
  scanner.Literal(" ");
  time.month = scanner.OneOf(kMonths) + 1;
  scanner.Literal(" ");
  time.day = scanner.PaddedDay();
  scanner.Literal(" ");
  ScanClock(scanner, time);
  scanner.Literal(" ");
  time.year = scanner.Digits(4);
  return scanner.AtEnd() ? std::optional(time) : std::nullopt;
}

int YearOf(std::chrono::system_clock::time_point now) {
  const int64_t days = std::chrono::floor<std::chrono::hours>(now).time_since_epoch().count() / 24;
  // 400 years have 146,097 days; the estimate is at most one year off.
  int year = static_cast<int>(1970 + days * 400 / 146'097);
  while (DaysBeforeYear(year + 1) <= days) ++year;
  while (DaysBeforeYear(year) > days) --year;
  return year;
}

// The century of a two-digit year: the latest that is not more than 50 years ahead of this year.
int FullYear(int two_digits, int this_year) {
  const int latest = this_year + 50;
  const int candidate = latest - latest % 100 + two_digits;
  return candidate > latest ? candidate - 100 : candidate;
}

}  // namespace

std::optional<int64_t> ParseHttpDate(std::string_view text,
                                     std::chrono::system_clock::time_point now) {
  if (const auto time = ParseImfFixdate(text)) return ToUnixTime(*time);
  if (const auto time = ParseAsctime(text)) return ToUnixTime(*time);
  if (auto time = ParseRfc850(text)) {
    time->year = FullYear(time->year, YearOf(now));
    return ToUnixTime(*time);
  }
  return std::nullopt;
}

}  // namespace enos::gateway
