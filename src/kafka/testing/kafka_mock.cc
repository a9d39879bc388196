// A mock cluster as a program: prints its brokers, then does what each line of standard input says,
// answering each with "ok" or "what?", until that ends.
//
//   topic NAME PARTITIONS      fail API_KEY CODE COUNT
//   down BROKER                up BROKER                rtt BROKER MILLISECONDS
#include <iostream>
#include <sstream>
#include <string>

#include "kafka/testing/mock_cluster.h"

namespace {

bool obey(cdviz::kafka::testing::MockCluster& cluster, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string name;
  int first = 0;
  int second = 0;
  int third = 0;
  words >> verb;
  if (verb == "topic" && words >> name >> first) {
    cluster.create_topic(name, first);
  } else if (verb == "fail" && words >> first >> second >> third) {
    cluster.fail_next(first, second, third);
  } else if (verb == "down" && words >> first) {
    cluster.take_down(first);
  } else if (verb == "up" && words >> first) {
    cluster.bring_up(first);
  } else if (verb == "rtt" && words >> first >> second) {
    cluster.set_round_trip(first, second);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  cdviz::kafka::testing::MockCluster cluster(count > 1 ? std::stoi(arguments[1]) : 1);
  std::cout << cluster.brokers() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << (obey(cluster, line) ? "ok" : "what?") << std::endl;
  }
  return 0;
}
