/** Limits that hold on every contract (contracts may set lower ones). */
export const LIMITS = {
  /** Unicode code points of a message text. */
  contentCodePoints: 5_000,
  /** Bytes of one WebSocket frame. */
  frameBytes: 65_536,
  /** Bytes of a JSON request body. */
  bodyBytes: 262_144,
  /** Rows of one page; larger asks are clamped. */
  pageRows: 200,
  /** Bytes of a message's metadata as JSON. */
  metadataBytes: 5_120,
  metadataDepth: 8,
  clientIdLength: 128,
  idLength: 128,
  urlLength: 2_048,
  nameLength: 200,
  /** Members that one request may name. */
  memberIdsPerRequest: 500,
  groupMembers: 10_000,
  /** Browsers of one person that take pushes. */
  subscriptionsPerUser: 20,
  /** People that one batch may name, which its body has room for, whatever their ids. */
  batchUserIds: 10_000,
  batchBodyBytes: 4_194_304,
  /** Bytes of what a batch says as JSON, so that it fits into a push. */
  batchContentBytes: 3_000,
  /** Code points of a file's name; longer ones are cut, their ending kept. */
  fileNameLength: 200,
  /** Code points of what is searched for, and how many words and phrases that may be. */
  searchCodePoints: 200,
  searchTerms: 10,
  /** Days after which a chat's messages are archived. */
  retentionDays: 36_500,
  /** Characters of why an operator does something. */
  reasonLength: 500,
  /** Different emoji on one message. */
  reactionsPerMessage: 50,
} as const;

/** Up to this size a chat's events name their receivers, and its members' delivered positions are kept. */
export const AUDIENCE_LIST_LIMIT = 50;
