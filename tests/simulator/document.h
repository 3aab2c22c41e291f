// The whole answer to an allocation request.
#ifndef TESTS_SIMULATOR_DOCUMENT_H_
#define TESTS_SIMULATOR_DOCUMENT_H_

#include <atomic>
#include <cstddef>

#include "tests/simulator/http_server.h"
#include "tests/simulator/query.h"
#include "tests/simulator/tweaks.h"
#include "tests/simulator/world.h"

namespace simulator {

// Writes the envelope with the sets of `query` in pieces of some 64 KiB, set after set, so that no more than the rows
// of one set are held. Returns false when the sink refused or `*stop` became true.
bool WriteDocument(const World& world, const AllocationQuery& query, const Tweaks& tweaks,
                   const std::atomic<bool>* stop, BodySink& sink);

// How many rows a document without tweaks has, idle ones included.
size_t CountRows(const World& world, const AllocationQuery& query, const std::atomic<bool>* stop);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_DOCUMENT_H_
