#include "fake_transport.h"

FakeWire* FakeWire::current = nullptr;

namespace tipring::transport {

TransportLayer::TransportLayer(const TransportDependencies&, const Limits&) : parts_(nullptr) {}
TransportLayer::~TransportLayer() = default;

// There is no trace here.
Trace* TransportLayer::tracing() const { return nullptr; }

// NOLINTNEXTLINE(performance-unnecessary-value-param): the real one keeps it
Result<void> TransportLayer::send(MessageRef message, const Flow& flow, SendObserver* observer,
                                  uint64_t tag) {
  FakeWire& wire = *FakeWire::current;
  if (wire.refuse) return wire.refusal;
  wire.sent.push_back({wire.now, std::string(message.view()), flow, observer, tag});
  return {};
}

Flow reply_flow(const Incoming& request) { return request.flow; }

}  // namespace tipring::transport
