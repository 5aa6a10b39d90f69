// Gateways that misbehave, and a node whose requests are counted.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Runs a server on 127.0.0.1 for as long as `use` takes, which is given its URL. */
export async function serving<T>(answer: Answer, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A server that answers everything with these bytes. */
export function answering(bytes: Uint8Array, status = 200): Answer {
  return (_, response) => {
    response.writeHead(status);
    response.end(bytes);
  };
}

/** A proxy of a gateway that has all but one document. */
export function without(gateway: string, cid: string): Answer {
  return async (request, response) => {
    const path = request.url ?? "";
    const headers = { Accept: request.headers.accept ?? "" };
    const found = path.includes(cid) ? undefined : await fetch(`${gateway}${path}`, { headers });
    response.writeHead(found?.status ?? 504);
    response.end(found && Buffer.from(await found.arrayBuffer()));
  };
}

/** A proxy of a JSON-RPC node that notes the methods asked for. */
export function counting(node: string, methods: string[]): Answer {
  return proxy(node, (question, answer) => {
    methods.push((JSON.parse(question) as { method: string }).method);
    return answer;
  });
}

/** A proxy of a JSON-RPC node that says another text wherever the node says one. */
export function lying(node: string, text: string, other: string): Answer {
  return proxy(node, (_, answer) => answer.replaceAll(text, other));
}

/** How a node refuses a query of too many blocks: status and body. */
export type Refusal = (id: number) => readonly [number, string];

/** A proxy of a node that answers for few blocks at a time, and notes which; from the start to the end of its chain. */
export function limited(node: string, blocks: number, refuse: Refusal, answered: [number, number][] = []): Answer {
  return async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { id, method, params } = JSON.parse(body);
    if (method === "eth_getLogs") {
      const [first, last] = [
        Number(params[0].fromBlock),
        params[0].toBlock === "latest" ? Infinity : +params[0].toBlock,
      ];
      if (last - first >= blocks) {
        const [status, text] = refuse(id);
        response.writeHead(status, { "Content-Type": status === 200 ? "application/json" : "text/html" });
        response.end(text);
        return;
      }
      answered.push([first, last]);
    }
    const answer = await fetch(node, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    response.writeHead(answer.status, { "Content-Type": "application/json" });
    response.end(await answer.text());
  };
}

function proxy(node: string, change: (question: string, answer: string) => string): Answer {
  return async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const answer = await fetch(node, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    response.writeHead(answer.status, { "Content-Type": "application/json" });
    response.end(change(body, await answer.text()));
  };
}
