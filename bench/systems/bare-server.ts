// The floor for anything written in Node: a server that only copies lines to whoever is in the room, with one write
// for each socket and turn of the loop. It knows no names, keeps nothing and checks nothing.
import { createServer, type Socket } from 'node:net';

type Room = { readers: Socket[]; pending: Buffer[] };
const LINE_FEED = 10;

const rooms = new Map<string, Room>();
const dirty = new Set<Room>();
let isTimed = false;

function roomOf(name: string): Room {
  const room = rooms.get(name) ?? { readers: [], pending: [] };
  rooms.set(name, room);
  return room;
}

function flush(): void {
  isTimed = false;
  for (const room of dirty) {
    const bytes = Buffer.concat(room.pending);
    room.pending = [];
    for (const reader of room.readers) reader.write(bytes);
  }
  dirty.clear();
}

createServer({ noDelay: true }, (socket) => {
  let room: Room | null = null;
  let rest = Buffer.alloc(0);
  socket.on('error', () => {}); // the close that follows says enough
  socket.on('data', (bytes) => {
    const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const end = all.lastIndexOf(LINE_FEED) + 1;
    rest = all.subarray(end);
    if (end === 0) return;
    const lines = all.subarray(0, end);
    if (!room) {
      const [verb, name = ''] = lines.toString().trim().split(' ');
      if (verb === 'sign') socket.write('welcome\n');
      else {
        room = roomOf(name);
        if (verb === 'join') room.readers.push(socket);
        socket.write('joined\n');
      }
      return;
    }
    room.pending.push(lines);
    dirty.add(room);
    if (isTimed) return;
    isTimed = true;
    setImmediate(flush);
  });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4_096 });
