-- mod_export_xep0227.lua - a Prosody (0.12) command that writes the accounts of a host into a file
-- SPDX-License-Identifier: MIT
--
--     prosodyctl mod_export_xep0227 HOST FILE
--
-- with this folder in the plugin_paths of Prosody's configuration.  It reads whatever storage is
-- configured, and writes one document of XEP-0227 for `ternctl user import`: credentials, contacts and
-- requests, vCards (also those in PEP), private data, block lists, waiting messages, what is wanted in
-- archives, and archives; a message at a time, so that archives may be large.

module:set_global();

local base64 = require "util.encodings".base64;
local datetime = require "util.datetime";
local hex = require "util.hex";
local pposix = require "util.pposix";
local st = require "util.stanza";
local startup = require "util.startup";
local storagemanager = require "core.storagemanager";
local usermanager = require "core.usermanager";

local xmlns_data = "urn:xmpp:pie:0";

local function stored(host, name, user)
	local store = storagemanager.open(host, name, "keyval");
	return store and store:get(user);
end

local function items(host, name, user)
	local store = storagemanager.open(host, name, "archive");
	local iterator = store and store:find(user);
	return iterator or function () end;
end

-- Names in the order of their bytes, so that a document is always the same.
local function sorted(set)
	local names = {};
	for name in pairs(set or {}) do
		if name then table.insert(names, name); end
	end
	table.sort(names);
	return ipairs(names);
end

local function client(stanza, when, host)
	local copy = st.clone(stanza);
	copy.attr.xmlns, copy.attr.stamp, copy.attr.stamp_legacy = "jabber:client", nil, nil;
	if when then
		copy:tag("delay", { xmlns = "urn:xmpp:delay", from = host, stamp = datetime.datetime(when) }):up();
	end
	return copy;
end

-- Each part answers an element, or nothing.
local parts = {};

function parts.credentials(user, host)
	local account = stored(host, "accounts", user) or {};
	if not account.stored_key then return; end
	local hash = module:context(host):get_option_string("password_hash", "SHA-1");
	return st.stanza("scram-credentials", { xmlns = xmlns_data.."#scram", mechanism = "SCRAM-"..hash })
		:text_tag("iter-count", string.format("%d", account.iteration_count))
		:text_tag("salt", base64.encode(account.salt))
		:text_tag("server-key", base64.encode(hex.from(account.server_key)))
		:text_tag("stored-key", base64.encode(hex.from(account.stored_key)));
end

function parts.roster(user, host)
	local roster = stored(host, "roster", user);
	if not roster then return; end
	local query = st.stanza("query", { xmlns = "jabber:iq:roster" });
	for _, jid in sorted(roster) do
		local item = roster[jid];
		query:tag("item", { jid = jid, name = item.name, subscription = item.subscription,
			ask = item.ask, approved = item.approved and "true" or nil });
		for _, group in sorted(item.groups) do
			query:text_tag("group", group);
		end
		query:up();
	end
	return query;
end

function parts.requests(user, host)
	local roster = stored(host, "roster", user);
	local pending = roster and roster[false] and roster[false].pending;
	local requests = {};
	for _, jid in sorted(pending) do
		local request = pending[jid];
		request = type(request) == "table" and st.deserialize(request) or st.presence();
		request.attr.from, request.attr.type = jid, "subscribe";
		table.insert(requests, client(request));
	end
	return table.unpack(requests);
end

-- XEP-0292 to XEP-0054: a text, a URI or a date each.
local simple_fields = { nickname = "NICKNAME", title = "TITLE", role = "ROLE", note = "DESC", url = "URL",
	bday = "BDAY" };
local address_fields = { { "pobox", "POBOX" }, { "ext", "EXTADD" }, { "street", "STREET" },
	{ "locality", "LOCALITY" }, { "region", "REGION" }, { "code", "PCODE" }, { "country", "CTRY" } };
local name_fields = { { "surname", "FAMILY" }, { "given", "GIVEN" }, { "additional", "MIDDLE" },
	{ "prefix", "PREFIX" }, { "suffix", "SUFFIX" } };

local function value_of(field)
	return field:get_child_text("text") or field:get_child_text("uri") or field:get_child_text("date");
end

local function add_fields(vcard, name, field, map)
	vcard:tag(name);
	for _, pair in ipairs(map) do
		local text = field:get_child_text(pair[1]);
		if text and text ~= "" then vcard:text_tag(pair[2], text); end
	end
	vcard:up();
end

local function add_field(vcard, field)
	local value = value_of(field);
	if field.name == "n" then
		add_fields(vcard, "N", field, name_fields);
	elseif field.name == "adr" then
		add_fields(vcard, "ADR", field, address_fields);
	elseif not value then
		return;
	elseif simple_fields[field.name] then
		vcard:text_tag(simple_fields[field.name], value);
	elseif field.name == "fn" then
		vcard:text_tag("FN", value);
	elseif field.name == "org" then
		vcard:tag("ORG"):text_tag("ORGNAME", value):up();
	elseif field.name == "email" then
		vcard:tag("EMAIL"):tag("INTERNET"):up():text_tag("USERID", value):up();
	elseif field.name == "tel" then
		vcard:tag("TEL"):text_tag("NUMBER", (value:gsub("^tel:", ""))):up();
	elseif field.name == "impp" and value:match("^xmpp:") then
		vcard:text_tag("JABBERID", value:sub(#"xmpp:" + 1));
	end
end

local function add_photo(vcard, user, host)
	local kind, photo;
	for _, metadata in items(host, "pep_urn:xmpp:avatar:metadata", user) do
		local info = metadata:get_child("info") or (metadata.name == "info" and metadata);
		kind = info and info.attr.type;
	end
	for _, data in items(host, "pep_urn:xmpp:avatar:data", user) do
		photo = data:get_text();
	end
	if photo then
		vcard:tag("PHOTO"):text_tag("TYPE", kind or "image/png"):text_tag("BINVAL", photo):up();
	end
end

function parts.vcard(user, host)
	local old = stored(host, "vcard", user);
	if old then return st.deserialize(old); end
	local vcard = st.stanza("vCard", { xmlns = "vcard-temp" });
	local newest;
	for _, item in items(host, "pep_urn:xmpp:vcard4", user) do
		newest = item.name == "vcard" and item or item:get_child("vcard", "urn:ietf:params:xml:ns:vcard-4.0");
	end
	if newest then
		for field in newest:childtags() do add_field(vcard, field); end
	end
	add_photo(vcard, user, host);
	if #vcard.tags > 0 then return vcard; end
end

function parts.private(user, host)
	local private = stored(host, "private", user);
	if not private then return; end
	local query = st.stanza("query", { xmlns = "jabber:iq:private" });
	for _, key in sorted(private) do
		query:add_child(st.deserialize(private[key]));
	end
	return query;
end

function parts.blocklist(user, host)
	local blocked = stored(host, "blocklist", user);
	if not blocked then return; end
	local list = st.stanza("blocklist", { xmlns = "urn:xmpp:blocking" });
	for _, jid in sorted(blocked) do
		list:tag("item", { jid = jid }):up();
	end
	return list;
end

function parts.preferences(user, host)
	local wishes = stored(host, "archive_prefs", user);
	if not wishes or wishes[false] == nil then return; end
	local names = { [true] = "always", [false] = "never", roster = "roster" };
	local prefs = st.stanza("prefs", { xmlns = "urn:xmpp:mam:2", default = names[wishes[false]] });
	for _, choice in ipairs { true, false } do
		prefs:tag(names[choice]);
		for _, jid in sorted(wishes) do
			if wishes[jid] == choice then prefs:text_tag("jid", jid); end
		end
		prefs:up();
	end
	return prefs;
end

local order = { "credentials", "roster", "requests", "vcard", "private", "blocklist", "preferences" };

local function write_list(file, open, close, entries)
	local is_open = false;
	for entry in entries do
		file:write(is_open and "" or open, tostring(entry), "\n");
		is_open = true;
	end
	file:write(is_open and close or "");
end

-- What stands in the own namespace of the document has it from there.
local function write_messages(file, user, host)
	local waiting = items(host, "offline", user);
	write_list(file, "<offline-messages>\n", "</offline-messages>\n", function ()
		local _, stanza, when = waiting();
		return stanza and client(stanza, when, host);
	end);
	local archived = items(host, "archive", user);
	write_list(file, "<archive xmlns='"..xmlns_data.."#mam'>\n", "</archive>\n", function ()
		local id, stanza, when = archived();
		return id and st.stanza("result", { xmlns = "urn:xmpp:mam:2", id = id })
			:tag("forwarded", { xmlns = "urn:xmpp:forward:0" })
			:tag("delay", { xmlns = "urn:xmpp:delay", stamp = datetime.datetime(when) }):up()
			:add_child(client(stanza));
	end);
end

local function write_user(file, user, host)
	local account = stored(host, "accounts", user) or {};
	file:write(st.stanza("user", { name = user, password = account.password }):top_tag(), "\n");
	for _, name in ipairs(order) do
		for _, element in ipairs { parts[name](user, host) } do
			file:write(tostring(element), "\n");
		end
	end
	write_messages(file, user, host);
	file:write("</user>\n");
end

local function export(host, path)
	pposix.umask("077"); -- messages are nobody else's business
	local file, why = io.open(path, "w");
	if not file then return why; end
	prosody.hosts[host] = startup.make_host(host);
	storagemanager.initialize_host(host);
	usermanager.initialize_host(host);
	file:write("<?xml version='1.0' encoding='UTF-8'?>\n",
		st.stanza("server-data", { xmlns = xmlns_data }):top_tag(), "\n",
		st.stanza("host", { jid = host }):top_tag(), "\n");
	for user in usermanager.users(host) do
		write_user(file, user, host);
	end
	file:write("</host></server-data>\n");
	return not file:close() and "the file could not be written";
end

function module.command(arg)
	if #arg ~= 2 or arg[1]:sub(1, 1) == "-" then
		print("usage: prosodyctl mod_export_xep0227 HOST FILE");
		return 1;
	end
	local why = export(arg[1], arg[2]);
	if why then print(arg[2]..": "..why); end
	return why and 1 or 0;
end
