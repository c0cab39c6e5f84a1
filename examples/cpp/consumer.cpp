/// Prints the bodies of a topic's messages as they come, until it has printed
/// COUNT of them, or none has come for ten seconds.
///     consumer 127.0.0.1:10911 counts my-group 6
#include <troupe/client.hpp>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: consumer HOST:PORT TOPIC GROUP COUNT\n";
    return 2;
  }
  troupe::consumer consumer{argv[1], argv[3], argv[2]};
  auto left = std::atoi(argv[4]);
  while (left > 0) {
    auto messages = consumer.poll(std::chrono::seconds{10});
    if (messages.empty()) {
      std::cerr << "nothing more came " << consumer.trouble() << '\n';
      return 1;
    }
    for (const auto& x : messages) {
      std::cout << x.body << '\n';
      --left;
    }
    if (auto why = consumer.commit(); !why.empty()) {
      std::cerr << "progress is not kept: " << why << '\n';
      return 1;
    }
  }
  return 0;
}
