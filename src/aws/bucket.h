// The calls of Amazon S3 that a reader needs
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html),
// for one bucket of any store that has them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"
#include "core/event.h"

namespace cdviz::aws {

/// As a listing has it.
struct ListedObject {
  std::string key;
  std::string etag = {};  ///< without quotes
  std::uint64_t size = 0;
  WallTime modified = {};          ///< some stores say it to the second only
  std::string storage_class = {};  ///< "GLACIER": it cannot be read until somebody restores it
};

struct Listing {
  std::vector<ListedObject> objects;  ///< in the order of the listing
  std::string next = {};              ///< for the next page; empty: this is the last
};

/// What the headers of an answer say of an object.
struct ObjectFacts {
  std::string etag = {};
  std::string version = {};  ///< in a bucket that keeps versions
  std::uint64_t size = 0;
  WallTime modified = {};  ///< to the second
  std::string content_type = {};
  std::string content_encoding = {};
  std::string encryption = {};  ///< "AES256"; with "aws:kms" and "customer" the ETag is no MD5
  /// Of x-amz-meta-NAME: at most 2 KiB of them.
  std::vector<std::pair<std::string, std::string>> user = {};
  /// Of x-amz-checksum-NAME: the whole object's, "crc32c" to its value in Base64.
  std::vector<std::pair<std::string, std::string>> checksums = {};
};

struct ObjectBody {
  ObjectFacts facts;
  std::string bytes;
  bool cut = false;  ///< it is longer than the client's answer_bytes_max
};

struct BucketSettings {
  ClientSettings client = {};  ///< service "s3", Paths::as_sent; endpoint without the bucket
  std::string name;
  bool path_style = true;  ///< https://host/bucket/key; else https://bucket.host/key
};

/// Undoes %XX, and + for a space: keys in listings and notifications. What is no escape stays.
std::string form_decoded(std::string_view text);

/// What a page of ListObjectsV2 says. Pure. @returns Fault::retry for what is no such answer
Result<Listing> read_listing(const std::string& xml);

/// One thread at a time.
class Bucket {
 public:
  /// The most of one page.
  static constexpr unsigned kPage = 1000;

  /// @param credentials  null: nothing is signed  @param clock  outlives the bucket
  Bucket(BucketSettings settings, std::shared_ptr<CredentialsProvider> credentials,
         const Clock& clock);

  /// ListObjectsV2. @param from  Listing::next of the page before; empty: the first
  Result<Listing> list(const std::string& prefix, const std::string& from, unsigned max_keys,
                       const std::stop_token& stop);

  /// GetObject. @param etag  only if it is still this one ("PreconditionFailed"); empty: any
  /// @param version  empty: the newest
  Result<ObjectBody> get(const std::string& key, const std::string& etag,
                         const std::string& version, const std::stop_token& stop);

  /// HeadObject.
  Result<ObjectFacts> head(const std::string& key, const std::stop_token& stop);

  /// DeleteObject, only if it still has this ETag: looked at before, and asked for where stores
  /// know of it. What is gone already is success.
  /// @returns code "PreconditionFailed" when another one has taken its place
  Result<void> remove(const std::string& key, const std::string& etag, const std::stop_token& stop);

  /// CopyObject within the bucket, only if it still has this ETag.
  Result<void> copy(const std::string& key, const std::string& to, const std::string& etag,
                    const std::stop_token& stop);

  /// "s3://name/key".
  std::string uri(const std::string& key) const { return "s3://" + name_ + "/" + key; }

 private:
  Request request(std::string method, const std::string& key) const;

  const std::string name_;
  const bool path_style_;
  Client client_;
};

/// Whether a bucket can be addressed as a host: DNS labels, and no dots (certificates do not cover
/// those).
bool is_host_label(const std::string& bucket);

}  // namespace cdviz::aws
