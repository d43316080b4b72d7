// The closed list of reasons for which a server refuses, with the text a person reads. A code is for
// programs and never changes its meaning; a text may be worded better at any time.

export const REFUSALS = {
  'bad-frame': 'the line is not a JSON object of the protocol',
  'frame-too-long': 'the line is longer than the server accepts',
  'bad-request': 'the request does not fit the protocol',
  'unsupported-protocol': 'this server speaks another version of the protocol',
  'not-signed-in': 'sign in first',
  'bad-signature': 'the signature does not fit the key',
  'bad-name': 'that name is not allowed',
  'name-taken': 'that name belongs to another key',
  'room-exists': 'a room of that name exists',
  'no-such-room': 'there is no such room',
  'no-such-user': 'nobody goes by that name',
  'direct-room': 'a conversation of two is left by neither, and has no topic',
  'no-such-post': 'there is no such post in that room',
  'not-yours': 'only who wrote a post may change it',
  'too-many-reactions': 'that post has as many different reactions as one may have',
  'not-a-member': 'join the room first',
  'already-a-member': 'you are in that room already',
  'out-of-sequence': 'a request before this one is missing',
  'behind-refused': 'a request before this one was refused: send this one again',
  'not-leading': 'this server does not lead at the moment',
  'too-few-copies': 'too few servers are in sync to store this safely',
  'too-many-requests': 'too many requests are under way in this session',
  'session-elsewhere': 'this session was opened on another connection',
  'too-slow': 'the connection did not take what was sent to it',
  'sign-in-too-late': 'no sign-in came in time',
  'storage-failed': 'the server cannot write to its disk',
  'shutting-down': 'the server is shutting down',
} as const;

export type RefusalCode = keyof typeof REFUSALS;
