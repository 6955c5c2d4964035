-- 
-- Mnesia table: passwd
--
delete from users where username='iago' and 0=0;
INSERT INTO users(username, password, serverkey, salt, iterationcount) VALUES ('iago', 'NjG/Q+gThPHXFH6hUVF6I5PGthM=', '+wek9J9j4cZJT0PjFURzd9puv7k=', 'wiKHxOsRZ+VXmLC0tbZFMQ==', 4096);
delete from users where username='romeo' and 0=0;
INSERT INTO users(username, password, serverkey, salt, iterationcount) VALUES ('romeo', 'CPe4uBvVKExw51PVSbg2Iwd+yik=', 'jgSl1Hk3fpmT+fB0symoRXWkQXI=', '4yVMa9Yk+FYWwSbFDaYBbw==', 4096);
delete from users where username='nurse' and 0=0;
INSERT INTO users(username, password, serverkey, salt, iterationcount) VALUES ('nurse', '4oDsojujWxcP7LWJ46ZxZCLxJkY=', '+LWhNGVxGAYvzgVRGg0rNSEBKb8=', '8Y/Bw/shmRqZiNnvHPh/Dw==', 4096);
delete from users where username='juliet' and 0=0;
INSERT INTO users(username, password, serverkey, salt, iterationcount) VALUES ('juliet', 'AhhAAUfLk+o4as+O0UcCkjmDxtU=', '1SuS89vY1LxDwAJCCJFuo5pTXh4=', '+1up9k1pQM8b4kvHv60mYg==', 4096);
-- 
-- Mnesia table: archive_prefs
--
INSERT INTO archive_prefs(username, def, always, never) VALUES ('juliet', 'always', '[{<<"romeo">>,<<"example.org">>,<<>>}]', '[{<<"montague">>,<<"example.com">>,<<>>}]');
-- 
-- Mnesia table: archive_msg
--
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500018267, 'juliet@example.org/desk', 'juliet@example.org', '<message xml:lang=''en'' to=''romeo@example.org/desk'' from=''juliet@example.org/desk'' type=''chat'' id=''said-My ea'' xmlns=''jabber:client''><body>My ears have not yet drunk a hundred words &lt;&amp;&gt;</body></message>', 'My ears have not yet drunk a hundred words <&>', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500036220, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-both'' xmlns=''jabber:client''><body xml:lang=''en''>Neither, if either thee dislike</body><body xml:lang=''cs''>Žádný z obou</body></message>', 'Neither, if either thee dislike', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500048850, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-0 mor'' xmlns=''jabber:client''><body>0 more</body></message>', '0 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500055582, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-1 mor'' xmlns=''jabber:client''><body>1 more</body></message>', '1 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500061312, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-2 mor'' xmlns=''jabber:client''><body>2 more</body></message>', '2 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500074928, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-3 mor'' xmlns=''jabber:client''><body>3 more</body></message>', '3 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500105961, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-4 mor'' xmlns=''jabber:client''><body>4 more</body></message>', '4 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500267542, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Art t'' xmlns=''jabber:client''><body>Art thou gone?</body></message>', 'Art thou gone?', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('romeo', 1796067500369355, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Then'' xmlns=''jabber:client''><body>Then 💔 &amp; &lt;good&gt; night</body></message>', 'Then 💔 & <good> night', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('nurse', 1796067500310582, 'juliet@example.org', 'juliet@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''nurse@example.org/desk'' type=''chat'' id=''said-Your'' xmlns=''jabber:client''><body>Your lady mother is coming</body></message>', 'Your lady mother is coming', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500013506, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''romeo@example.org/desk'' from=''juliet@example.org/desk'' type=''chat'' id=''said-My ea'' xmlns=''jabber:client''><body>My ears have not yet drunk a hundred words &lt;&amp;&gt;</body></message>', 'My ears have not yet drunk a hundred words <&>', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500036788, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-both'' xmlns=''jabber:client''><body xml:lang=''en''>Neither, if either thee dislike</body><body xml:lang=''cs''>Žádný z obou</body></message>', 'Neither, if either thee dislike', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500049450, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-0 mor'' xmlns=''jabber:client''><body>0 more</body></message>', '0 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500056215, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-1 mor'' xmlns=''jabber:client''><body>1 more</body></message>', '1 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500061971, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-2 mor'' xmlns=''jabber:client''><body>2 more</body></message>', '2 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500075604, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-3 mor'' xmlns=''jabber:client''><body>3 more</body></message>', '3 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500106754, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-4 mor'' xmlns=''jabber:client''><body>4 more</body></message>', '4 more', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500269865, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Art t'' xmlns=''jabber:client''><body>Art thou gone?</body></message>', 'Art thou gone?', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500320243, 'nurse@example.org/desk', 'nurse@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''nurse@example.org/desk'' type=''chat'' id=''said-Your'' xmlns=''jabber:client''><body>Your lady mother is coming</body></message>', 'Your lady mother is coming', 'chat', '');
INSERT INTO archive(username, timestamp, peer, bare_peer, xml, txt, kind, nick) VALUES ('juliet', 1796067500387326, 'romeo@example.org/desk', 'romeo@example.org', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Then'' xmlns=''jabber:client''><body>Then 💔 &amp; &lt;good&gt; night</body></message>', 'Then 💔 & <good> night', 'chat', '');
-- 
-- Mnesia table: offline_msg
--
delete from spool where username='juliet' and 0=0;
delete from spool where username='juliet' and 0=0;
delete from spool where username='juliet' and 0=0;
-- 
-- Mnesia table: offline_msg
--
INSERT INTO spool(username, xml) VALUES ('juliet', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Art t'' xmlns=''jabber:client''><archived by=''juliet@example.org'' id=''1796067500269865'' xmlns=''urn:xmpp:mam:tmp''/><stanza-id by=''juliet@example.org'' id=''1796067500269865'' xmlns=''urn:xmpp:sid:0''/><delay from=''example.org'' stamp=''2026-11-30T19:38:20.355481Z'' xmlns=''urn:xmpp:delay''>Offline Storage</delay><body>Art thou gone?</body></message>');
INSERT INTO spool(username, xml) VALUES ('juliet', '<message xml:lang=''en'' to=''juliet@example.org'' from=''nurse@example.org/desk'' type=''chat'' id=''said-Your'' xmlns=''jabber:client''><archived by=''juliet@example.org'' id=''1796067500320243'' xmlns=''urn:xmpp:mam:tmp''/><stanza-id by=''juliet@example.org'' id=''1796067500320243'' xmlns=''urn:xmpp:sid:0''/><delay from=''example.org'' stamp=''2026-11-30T19:38:20.355516Z'' xmlns=''urn:xmpp:delay''>Offline Storage</delay><body>Your lady mother is coming</body></message>');
INSERT INTO spool(username, xml) VALUES ('juliet', '<message xml:lang=''en'' to=''juliet@example.org'' from=''romeo@example.org/desk'' type=''chat'' id=''said-Then'' xmlns=''jabber:client''><archived by=''juliet@example.org'' id=''1796067500387326'' xmlns=''urn:xmpp:mam:tmp''/><stanza-id by=''juliet@example.org'' id=''1796067500387326'' xmlns=''urn:xmpp:sid:0''/><delay from=''example.org'' stamp=''2026-11-30T19:38:20.387949Z'' xmlns=''urn:xmpp:delay''>Offline Storage</delay><body>Then 💔 &amp; &lt;good&gt; night</body></message>');
-- 
-- Mnesia table: privacy
--
delete from privacy_default_list where username='romeo' and 0=0;
INSERT INTO privacy_default_list(username, name) VALUES ('romeo', 'mine');
delete from privacy_list where username='romeo' and 0=0 and name='mine';
INSERT INTO privacy_list(username, name, id) VALUES ('romeo', 'mine', 1);
delete from privacy_list_data where id=1;
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (1, 'j', 'paris@example.com', 'd', 1, 1, 0, 0, 0, 0);
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (1, 'j', 'nosy.example', 'd', 2, 0, 0, 0, 0, 1);
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (1, 'g', 'Foes', 'd', 3, 1, 0, 0, 0, 0);
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (1, 'n', '', 'a', 9, 1, 0, 0, 0, 0);
delete from privacy_default_list where username='juliet' and 0=0;
INSERT INTO privacy_default_list(username, name) VALUES ('juliet', 'Blocked contacts');
delete from privacy_list where username='juliet' and 0=0 and name='Blocked contacts';
INSERT INTO privacy_list(username, name, id) VALUES ('juliet', 'Blocked contacts', 2);
delete from privacy_list_data where id=2;
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (2, 'j', 'tybalt@example.com', 'd', 0, 1, 0, 0, 0, 0);
insert into privacy_list_data(id, t, value, action, ord, match_all, match_iq, match_message, match_presence_in, match_presence_out) values (2, 'j', 'spam.example', 'd', 0, 1, 0, 0, 0, 0);
-- 
-- Mnesia table: private_storage
--
delete from private_storage where username='juliet' and 0=0 and namespace='storage:rosternotes';
INSERT INTO private_storage(username, namespace, data) VALUES ('juliet', 'storage:rosternotes', '<storage xmlns=''storage:rosternotes''><note jid=''romeo@example.org''>Wherefore?</note></storage>');
delete from private_storage where username='juliet' and 0=0 and namespace='exodus:prefs';
INSERT INTO private_storage(username, namespace, data) VALUES ('juliet', 'exodus:prefs', '<exodus xmlns=''exodus:prefs''><defaultnick>Julie</defaultnick></exodus>');
-- 
-- Mnesia table: roster
--
delete from rosterusers where username='juliet' and 0=0 and jid='mother@example.com';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('juliet', 'mother@example.com', 'Mother', 'N', 'N', '', 'N', '', 'item');
delete from rostergroups where username='juliet' and 0=0 and jid='mother@example.com';
delete from rosterusers where username='juliet' and 0=0 and jid='nurse@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('juliet', 'nurse@example.org', '', 'N', 'I', 'Madam!', 'N', '', 'item');
delete from rostergroups where username='juliet' and 0=0 and jid='nurse@example.org';
delete from rosterusers where username='juliet' and 0=0 and jid='iago@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('juliet', 'iago@example.org', '', 'N', 'O', '', 'N', '', 'item');
delete from rostergroups where username='juliet' and 0=0 and jid='iago@example.org';
delete from rosterusers where username='juliet' and 0=0 and jid='romeo@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('juliet', 'romeo@example.org', 'Romeo & his <3', 'B', 'N', '', 'N', '', 'item');
delete from rostergroups where username='juliet' and 0=0 and jid='romeo@example.org';
INSERT INTO rostergroups(username, jid, grp) VALUES ('juliet', 'romeo@example.org', 'Friends');
INSERT INTO rostergroups(username, jid, grp) VALUES ('juliet', 'romeo@example.org', 'Montagües');
delete from rosterusers where username='romeo' and 0=0 and jid='juliet@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('romeo', 'juliet@example.org', '', 'B', 'N', '', 'N', '', 'item');
delete from rostergroups where username='romeo' and 0=0 and jid='juliet@example.org';
delete from rosterusers where username='iago' and 0=0 and jid='juliet@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('iago', 'juliet@example.org', '', 'N', 'I', '', 'N', '', 'item');
delete from rostergroups where username='iago' and 0=0 and jid='juliet@example.org';
delete from rosterusers where username='nurse' and 0=0 and jid='juliet@example.org';
INSERT INTO rosterusers(username, jid, nick, subscription, ask, askmessage, server, subscribe, type) VALUES ('nurse', 'juliet@example.org', '', 'N', 'O', '', 'N', '', 'item');
delete from rostergroups where username='nurse' and 0=0 and jid='juliet@example.org';
-- 
-- Mnesia table: vcard
--
delete from vcard where username='juliet' and 0=0;
INSERT INTO vcard(username, vcard) VALUES ('juliet', '<vCard xmlns=''vcard-temp''><PHOTO><BINVAL>R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=</BINVAL><TYPE>image/gif</TYPE></PHOTO><N><GIVEN>Juliet</GIVEN><FAMILY>Capulet</FAMILY></N><FN>Juliet Capulet</FN><DESC>&lt;3 &amp; &quot;more&quot; ä</DESC></vCard>');
-- 
-- Mnesia table: vcard_search
--
delete from vcard_search where lusername='juliet' and 0=0;
INSERT INTO vcard_search(username, lusername, fn, lfn, family, lfamily, given, lgiven, middle, lmiddle, nickname, lnickname, bday, lbday, ctry, lctry, locality, llocality, email, lemail, orgname, lorgname, orgunit, lorgunit) VALUES ('juliet', 'juliet', 'Juliet Capulet', 'juliet capulet', 'Capulet', 'capulet', 'Juliet', 'juliet', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '');
