// devices.mjs - clients made of xmpp.js; with_xmppjs.py drives them with lines of JSON
// SPDX-License-Identifier: MIT

import "./older_node.mjs";
import readline from "node:readline";
import { client } from "@xmpp/client";
import parse from "@xmpp/xml/lib/parse.js";

const devices = new Map();

function tell(device, event, more = {}) {
  process.stdout.write(JSON.stringify({ device, event, ...more }) + "\n");
}

function isAnswer(stanza) {
  return stanza.name === "iq" && ["result", "error"].includes(stanza.attrs.type);
}

const deeds = {
  enter({ device, options }) {
    const made = client(options);
    devices.set(device, made);
    made.reconnect.delay = 50;
    made.on("error", (error) => tell(device, "error", { why: error.condition ?? String(error) }));
    for (const status of ["online", "disconnect", "offline"]) {
      made.on(status, () => tell(device, status, { jid: String(made.jid) }));
    }
    made.streamManagement.on("resumed", () => tell(device, "resumed", { jid: String(made.jid) }));
    made.on("stanza", (stanza) => {
      if (!isAnswer(stanza)) tell(device, "stanza", { xml: String(stanza) });
    });
    made.start().catch(() => {});
  },

  send({ device, text }) {
    devices.get(device).send(parse(text));
  },

  // The library finds the answer.
  ask({ device, text, number }) {
    devices.get(device).iqCaller.request(parse(text)).then(
      (answer) => tell(device, "answer", { number, xml: String(answer) }),
      (error) => tell(device, "answer", { number, condition: error.condition ?? String(error) }),
    );
  },

  // Iqs of this type, namespace and name get this result from now on.
  answer({ device, type, namespace, name, text }) {
    devices.get(device).iqCallee[type](namespace, name, () => (text ? parse(text) : true));
  },

  leave({ device }) {
    devices.get(device).stop();
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { deed, ...about } = JSON.parse(line);
  deeds[deed](about);
}).on("close", () => process.exit());
