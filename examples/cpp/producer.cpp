/// Sends each line of its input as a message.
///     printf 'to be\nor not to be\n' | producer 127.0.0.1:10911 lines
#include <troupe/client.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: producer HOST:PORT TOPIC < LINES\n";
    return 2;
  }
  troupe::producer producer{argv[1]};
  auto refused = 0;
  for (std::string line; std::getline(std::cin, line);) {
    troupe::custom::outgoing message;
    message.topic = argv[2];
    // `key|body` gives a key.
    auto bar = line.find('|');
    message.keys = bar == line.npos ? "" : line.substr(0, bar);
    message.body = bar == line.npos ? line : line.substr(bar + 1);
    auto sent = producer.send(message);
    if (sent.refused.empty()) {
      std::cout << "stored " << sent.queue << "/" << sent.offset << '\n';
    } else {
      std::cout << "refused " << sent.refused << '\n';
      ++refused;
    }
  }
  return refused == 0 ? 0 : 1;
}
