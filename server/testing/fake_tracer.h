#ifndef ENOS_SERVER_TESTING_FAKE_TRACER_H_
#define ENOS_SERVER_TESTING_FAKE_TRACER_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/tracing/tracer.h"

namespace enos::gateway {

// For tests: keeps every span that is started, as text. For one thread.
class FakeTracer : public Tracer {
 public:
  struct Recorded {
    std::string name;
    std::string parent;  // its name, the caller's span id, or empty: a root
    std::map<std::string, std::string> attributes;
    std::vector<std::string> events;  // with their attributes: "name key=value"
    bool failed = false;
    bool ended = false;
  };

  std::unique_ptr<Span> StartServer(std::string_view name, const RemoteSpan* caller) override {
    return Start(name, caller == nullptr ? "" : caller->span_id);
  }
  std::unique_ptr<Span> StartClient(std::string_view name, const Span* parent) override {
    const auto* fake = dynamic_cast<const FakeSpan*>(parent);
    return Start(name, fake == nullptr ? "" : std::string_view(fake->recorded_.name));
  }
  void Stop() override {}

  std::deque<Recorded> spans;  // in the order of their starts
  bool sampled = true;         // false: from now on there are none

 private:
  class FakeSpan : public Span {
   public:
    explicit FakeSpan(Recorded& recorded, size_t number) : recorded_(recorded), number_(number) {}
    ~FakeSpan() override { FakeSpan::End(); }
    void Set(std::string_view name, Value value) override {
      recorded_.attributes[std::string(name)] = TextOf(value);
    }
    void AddEvent(std::string_view name, Attributes attributes) override {
      std::string& text = recorded_.events.emplace_back(name);
      for (const auto& [key, value] : attributes)
        text.append(" ").append(key).append("=").append(TextOf(value));
    }
    void SetFailed() override { recorded_.failed = true; }
    void End() override { recorded_.ended = true; }
    std::string trace_id() const override { return std::string(32, 'a'); }
    std::string traceparent() const override { return "parent " + std::to_string(number_); }

    Recorded& recorded_;

   private:
    static std::string TextOf(const Value& value) {
      const auto* text = std::get_if<std::string_view>(&value);
      return text != nullptr ? std::string(*text) : std::to_string(std::get<int64_t>(value));
    }
    const size_t number_;
  };

  std::unique_ptr<Span> Start(std::string_view name, std::string_view parent) {
    if (!sampled) return nullptr;
    Recorded& recorded = spans.emplace_back();
    recorded.name = name;
    recorded.parent = parent;
    return std::make_unique<FakeSpan>(recorded, spans.size());
  }
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_FAKE_TRACER_H_
