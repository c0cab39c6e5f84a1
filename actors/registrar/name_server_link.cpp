#include "registrar/name_server_link.hpp"

#include "reactor/metered.hpp"
#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/checksum.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"

#include "troupe/limits.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe {

namespace {

/// The connection to one name server. Blocks.
class name_server_socket {
public:
  explicit name_server_socket(std::string address)
    : address_(std::move(address)) {}

  ~name_server_socket() { disconnect(); }

  name_server_socket(const name_server_socket&) = delete;
  name_server_socket& operator=(const name_server_socket&) = delete;

  const std::string& address() const { return address_; }

  /// Sends a request and waits for its answer; connects first if need be.
  caf::expected<remoting::command> call(remoting::command request) {
    if (auto error = connect())
      return error;
    request.opaque = ++opaque_;
    std::string frame;
    remoting::append_command(frame, remoting::header_encoding::json, request);
    auto answer = exchange(frame);
    if (!answer)
      disconnect(); // what comes later on it would belong to this request
    return answer;
  }

  /// Our address as the name server sees it; connects first if need be.
  caf::expected<host> local() {
    if (auto error = connect())
      return error;
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
    host result;
    if (own.ss_family == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(own);
      std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(own);
      std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
      result.size = 16;
    }
    return result;
  }

private:
  caf::error failed(const char* what) const {
    return make_error(errc::io_failed, "name server " + address_ + ": " + what
                                         + ": " + std::strerror(errno));
  }

  caf::error connect() {
    if (fd_ >= 0)
      return caf::none;
    auto colon = address_.rfind(':');
    if (colon == address_.npos)
      return make_error(errc::bad_config, "name server `" + address_
                                            + "` has no port; write host:port");
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto code =
      ::getaddrinfo(address_.substr(0, colon).c_str(),
                    address_.substr(colon + 1).c_str(), &hints, &found);
    if (code != 0)
      return make_error(errc::io_failed, "name server " + address_ + ": "
                                           + ::gai_strerror(code));
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{found,
                                                             &::freeaddrinfo};
    timeval limit{limits::register_call_timeout.count(), 0};
    for (auto* x = found; x != nullptr; x = x->ai_next) {
      fd_ = ::socket(x->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (fd_ < 0)
        continue;
      ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      if (::connect(fd_, x->ai_addr, x->ai_addrlen) == 0)
        return caf::none;
      disconnect();
    }
    return failed("cannot connect");
  }

  void disconnect() {
    if (fd_ < 0)
      return;
    auto why = errno;
    ::close(fd_);
    errno = why;
    fd_ = -1;
  }

  caf::expected<remoting::command> exchange(std::string_view frame) {
    while (!frame.empty()) {
      auto sent = ::send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL);
      if (sent < 0)
        return failed("cannot send");
      frame.remove_prefix(static_cast<std::size_t>(sent));
    }
    std::string bytes;
    for (;;) {
      auto bounds = remoting::find_frame(bytes);
      if (bounds.state == remoting::frame_state::malformed)
        return make_error(errc::malformed_frame,
                          "name server " + address_ + ": " + bounds.why);
      if (bounds.state == remoting::frame_state::complete) {
        auto answer = remoting::decode_command(bytes);
        bytes.erase(0, bounds.size);
        if (!answer
            || ((answer->flag & remoting::flag_response) != 0
                && answer->opaque == opaque_))
          return answer;
        continue; // a late answer, or a request of theirs
      }
      char chunk[4096];
      auto got = ::recv(fd_, chunk, sizeof chunk, 0);
      if (got == 0)
        errno = ECONNRESET;
      if (got <= 0)
        return failed("no answer");
      bytes.append(chunk, static_cast<std::size_t>(got));
    }
  }

  std::string address_;
  int fd_ = -1;
  std::int32_t opaque_ = 0;
};

class link_impl : public name_server_link_actor::base {
public:
  link_impl(caf::actor_config& config, name_server_link_options options)
    : name_server_link_actor::base(config),
      options_(std::move(options)),
      socket_(options_.address) {}

  const char* name() const override { return "name_server_link"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](announce& x) -> caf::result<announced> {
        newest_ = std::move(x.says);
        known_ = true;
        if (auto error = tell()) {
          complain(error);
          return error;
        }
        return announced{};
      },
      [this](const withdraw&) {
        if (registered_ && known_)
          if (auto error = take_out())
            complain(error);
        return withdrawn{};
      },
    };
  }

private:
  caf::expected<std::string> own_address() {
    auto own = options_.advertise;
    if (!own) {
      auto local = socket_.local();
      if (!local)
        return std::move(local.error());
      own = *local;
    }
    if (own->port == 0)
      own->port = options_.broker_port;
    return to_string(*own);
  }

  caf::error tell() {
    auto address = own_address();
    if (!address)
      return std::move(address.error());
    auto body = remoting::encode_registration(newest_);
    auto request =
      remoting::make_request(remoting::request_code::register_broker);
    request.fields = {
      {"brokerName", newest_.name},
      {"brokerAddr", *address},
      {"clusterName", newest_.cluster},
      {"haServerAddr",
       newest_.ha_address.empty() ? *address : newest_.ha_address},
      {"brokerId", std::to_string(newest_.broker_id)},
      {"enableActingMaster", "false"},
      {"compressed", "false"},
      {"bodyCrc32", std::to_string(remoting::masked_crc32(body))},
    };
    request.body = payload::copy_of(body);
    auto answer = socket_.call(std::move(request));
    if (!answer)
      return std::move(answer.error());
    if (answer->code != 0)
      return make_error(errc::config_conflict,
                        "name server " + options_.address
                          + " refuses: " + answer->remark);
    if (!registered_)
      log::info("registrar", "registered")
        .with("name_server", options_.address)
        .with("address", *address);
    registered_ = true;
    complained_ = false;
    return caf::none;
  }

  caf::error take_out() {
    auto address = own_address();
    if (!address)
      return std::move(address.error());
    auto request =
      remoting::make_request(remoting::request_code::unregister_broker);
    request.fields = {{"brokerName", newest_.name},
                      {"brokerAddr", *address},
                      {"clusterName", newest_.cluster},
                      {"brokerId", std::to_string(newest_.broker_id)}};
    if (auto answer = socket_.call(std::move(request)); !answer)
      return std::move(answer.error());
    return caf::none;
  }

  void complain(const caf::error& error) {
    registered_ = false;
    if (complained_)
      return;
    complained_ = true;
    log::warning("registrar", "cannot register, tried again every 30 s")
      .with("why", describe(error));
  }

  name_server_link_options options_;
  name_server_socket socket_;
  broker_registration newest_;
  bool known_ = false;
  bool registered_ = false;
  bool complained_ = false; // the log has heard of the failure
};

} // namespace

name_server_link_actor
spawn_name_server_link(caf::actor_system& system, threading how,
                       name_server_link_options options) {
  if (how == threading::detached)
    return system.spawn<metered<link_impl>, caf::detached>(std::move(options));
  return system.spawn<link_impl>(std::move(options));
}

} // namespace troupe
