// All envelopes of a camera, from the durable stream in Redis: the commands and answers of XREAD,
// in Redis's protocol. With a client library this file is a call of it.
import net from "node:net";

export async function* envelopes(redisUrl, prefix) {
  const { hostname, port } = new URL(redisUrl);
  const socket = net.connect(Number(port), hostname);
  const answers = readAnswers(socket);
  let last = "0"; // from the first one that Redis keeps; "$" is what comes from now on
  try {
    for (;;) {
      send(socket, "XREAD", "COUNT", "100", "BLOCK", "1000", "STREAMS", `${prefix}:envelopes`, last);
      const { value: answer, done } = await answers.next();
      if (done) throw new Error("Redis is gone");
      for (const [id, fields] of answer?.[0][1] ?? []) {
        last = id;
        yield JSON.parse(fields[fields.indexOf("envelope") + 1]);
      }
    }
  } finally {
    socket.destroy();
  }
}

function send(socket, ...words) {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${parts.join("")}`);
}

async function* readAnswers(socket) {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk]);
    for (let answer; (answer = parse(bytes, 0)) !== undefined; bytes = bytes.subarray(answer.end)) {
      yield answer.value;
    }
  }
}

// Gives a value and where it ends; undefined if it has not come wholly.
function parse(bytes, start) {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const text = bytes.toString("utf8", start + 1, lineEnd);
  let end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start])) {
    case "+":
      return { value: text, end };
    case ":":
      return { value: Number(text), end };
    case "-":
      throw new Error(`Redis says ${text}`);
    case "$": {
      if (text === "-1") return { value: null, end };
      const past = end + Number(text);
      return bytes.length < past + 2 ? undefined : { value: bytes.toString("utf8", end, past), end: past + 2 };
    }
    case "*": {
      if (text === "-1") return { value: null, end };
      const value = [];
      for (let count = Number(text); count > 0; count -= 1) {
        const item = parse(bytes, end);
        if (item === undefined) return undefined;
        value.push(item.value);
        end = item.end;
      }
      return { value, end };
    }
    default:
      throw new Error(`this is no answer of Redis: ${bytes.toString("latin1", start, lineEnd)}`);
  }
}
