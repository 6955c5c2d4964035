// older_node.mjs - what xmpp.js expects of Node.js and Debian's does not have yet
// SPDX-License-Identifier: MIT

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
