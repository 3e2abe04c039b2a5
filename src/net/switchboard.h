// Switchboard: pool::Lines over TLS. A provider's has a FrontDoor, which hands over calls and the links of sessions; a
// requester's has none, and so can only be the last party of a mesh, or have a line to each party behind it.
// Whoever dials a mesh does not wait for the listener to want the link, which would cost a round trip: one who is not
// wanted finds his link closed. A link of a session that breaks before all are there fails the mesh, in the name of its
// party. Errors of mesh() beyond lines.h: kInvalidInput (a plan that cannot be).
// one_way_delay_ms: see Mesh and Dial; max_message: of meshes; both as at the FrontDoor.
// Threads: any number of calls and meshes at a time. Names of hosts are looked up on threads of their own (lookup.h).
// Invariants: every wait ends by its timeout, or 100 ms after cancellation.
#pragma once

#include <memory>
#include <vector>

#include "net/front_door.h"
#include "net/mesh.h"
#include "net/tls_line.h"

namespace net {

class Switchboard final : public pool::Lines {
 public:
  // `door` may be null, else it outlives the switchboard.
  static base::Result<std::unique_ptr<Switchboard>> create(const crypto::Identity& identity, FrontDoor* door,
                                                           LineOptions options);

  void call(std::span<const pool::Peer> peers, std::span<const base::Bytes> messages, std::size_t max_reply,
            int timeout_ms, const std::function<bool(Reply)>& on_reply) override;
  base::Result<std::unique_ptr<pool::SessionMesh>> mesh(const pool::MeshPlan& plan,
                                                        std::vector<std::unique_ptr<pool::Line>> lines,
                                                        int timeout_ms) override;

 private:
  Switchboard(TlsContext context, const crypto::PublicKey& key, FrontDoor* door, LineOptions options)
      : context_(std::move(context)), key_(key), door_(door), options_(std::move(options)) {}
  base::Status check(const pool::MeshPlan& plan, const std::vector<std::unique_ptr<pool::Line>>& lines) const;

  TlsContext context_;
  crypto::PublicKey key_;
  FrontDoor* door_;
  LineOptions options_;
};

}  // namespace net
