// SPDX-License-Identifier: Apache-2.0
/* Every complaint about a policy file: where, about what, and what to do. */
#include "unit.h"

#include "policy/policy.h"

#define WORKLOAD "apiVersion: kith/v1\nkind: Workload\nmetadata: {name: w, owner: o}\nspec:\n"
#define POLICY	 "apiVersion: kith/v1\nkind: Policy\nmetadata: {name: p, owner: o}\nspec:\n"
#define TESTS	 "apiVersion: kith/v1\nkind: PolicyTest\nmetadata: {name: t t}\nspec:\n"

/* A workload whose only fault is in what follows; it begins on line 6. */
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SELECT WORKLOAD "  spiffeID: spiffe://a.example/w\n  select: "
#define REST   WORKLOAD "  spiffeID: spiffe://a.example/w\n  select: [{exe: /bin/w}]\n"
/* A policy's rules, on line 6, with the workload it is for behind. */
#define INBOUND	 POLICY "  for: spiffe://a.example/w\n  inbound: "
#define OUTBOUND POLICY "  for: spiffe://a.example/w\n  outbound: "
#define OWNER	 "\n---\n" REST

struct complaint {
	const char *text;
	const char *said; /* all diagnostics, one a line */
};

#define E(position, object, message) "f.yaml:" position ": error: " object ": " message "\n"
#define EW(position, message)	     E(position, "Workload/w", message)
#define EP(position, message)	     E(position, "Policy/p", message)
#define ET(position, message)	     E(position, "PolicyTest/t t", message)

#define FORMS "write 10.0.0.1:443, 10.0.0.0/8:443, [::1]:443, [fd00::/8]:443 or *:443"

static const struct complaint complaints[] = {
	/* documents */
	{ "", "" },
	{ "# nothing\n---\n---\n", "" },
	{ REST, "" },
	{ "apiVersion: [kith/v1\n",
	  "f.yaml:2:1: error: not valid YAML: did not find expected ',' or ']', while parsing a "
	  "flow sequence (correct the YAML; look at the line above, too)\n" },
	{ "a: \xff\n", "f.yaml:1:4: error: not valid YAML: invalid leading UTF-8 octet (correct "
		       "the YAML; look at the line above, too)\n" },
	{ "kind: Policy\n",
	  E("1:1", "Policy", "the document has no apiVersion (add apiVersion)")
		  E("1:1", "Policy", "the document has no metadata (add metadata)")
			  E("1:1", "Policy", "the document has no spec (add spec)") },
	{ "[]", "f.yaml:1:1: error: the document is not a mapping (write key: value pairs)\n" },
	{ "apiVersion: kith/v2\nkind: Policy\nmetadata: {}\nspec: {}\n",
	  E("1:13", "Policy", "apiVersion is not known: kith/v2 (write one of: kith/v1)") },
	{ "apiVersion: kith/v1\nkind: Pod\nmetadata: {}\nspec: {}\n",
	  E("2:7", "Pod", "kind is not known: Pod (write one of: Workload, Policy, PolicyTest)") },
	{ "apiVersion: kith/v1\nkind: PolicyTest\nmetadata: {name: a, b c}\nspec:\n- {from: "
	  "spiffe://a/b, port: 1, expect: deny}\n",
	  E("3:21", "PolicyTest/a",
	    "unknown key b c in metadata (quote the text before it: a comma ended it)") },
	{ WORKLOAD "  spiffeID: spiffe://a.example/w\n  select: [{exe: /bin/w}]\nextra: 1\n",
	  EW("7:1", "unknown key extra in the document (remove it; the document may hold: "
		    "apiVersion, kind, metadata, spec)") },
	{ REST "  spiffeid: x\n", EW("7:3", "unknown key spiffeid in spec (write spiffeID)") },
	{ REST "  ? [a]\n  : 1\n",
	  EW("7:5", "a key of spec is not a word (write a key, then a colon)") },
	{ REST "  select: [{exe: /bin/v}]\n",
	  EW("7:3", "key select is there twice in spec (keep one of them)") },
	{ REST "  onExpiry: maybe\n",
	  EW("7:13", "onExpiry is not known: maybe (write one of: keep, close)") },
	{ REST "  eof: sloppy\n",
	  EW("7:8", "eof is not known: sloppy (write one of: strict, lenient)") },
	{ REST "---\n" REST,
	  E("10:18", "Workload/w", "the name is taken by f.yaml:3 (rename one of them)") },

	/* properties of YAML */
	{ WORKLOAD "  spiffeID: &id spiffe://a.example/w\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "anchor &id: anchors and aliases are not supported (remove it and write the "
		     "value where it is used)") },

	{ REST "  svid: *b\n",
	  EW("7:9", "alias *b: anchors and aliases are not supported (write the "
		    "value where it is used)") },
	{ "*b\n", "f.yaml:1:1: error: alias *b: anchors and aliases are not supported (write the "
		  "value where it is used)\n" },
	{ WORKLOAD "  spiffeID: !!str spiffe://a.example/w\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "tag tag:yaml.org,2002:str: tags are not supported (remove it)") },
	{ "[[[[[[[[[[[[[[[[[", "f.yaml:1:17: error: nested deeper than 16 levels (remove the "
			       "superfluous brackets or levels)\n" },

	/* metadata */
	{ "apiVersion: kith/v1\nkind: Policy\nmetadata: {name: p}\nspec: {for: "
	  "spiffe://a.example/w}\n" OWNER,
	  EP("3:11", "metadata has no owner (add owner)") },
	{ "apiVersion: kith/v1\nkind: Workload\nmetadata: {name: 12, owner: o}\nspec: {spiffeID: "
	  "spiffe://a/b, select: [{exe: /b}]}\n",
	  E("3:18", "Workload/12",
	    "name is a number, not a text: 12 (put it in quotes if it is meant)") },
	{ "apiVersion: kith/v1\nkind: Workload\nmetadata: {name: a b, owner: no}\nspec: "
	  "{spiffeID: spiffe://a/b, select: [{exe: /b}]}\n",
	  E("3:18", "Workload/a b",
	    "name is not a name: a b (begin with a letter or digit; then letters, digits, '.', "
	    "'_' and '-')")
		  E("3:30", "Workload/a b",
		    "owner is a boolean, not a text: no (put it in quotes if it is meant)") },
	{ "apiVersion: kith/v1\nkind: Workload\nmetadata: {name: w, owner: \"a\\eb\"}\nspec: "
	  "{spiffeID: spiffe://a/b, select: [{exe: /b}]}\n",
	  EW("3:28", "owner holds a control character (write it in printable characters)") },

	/* SPIFFE IDs */
	{ WORKLOAD "  select: [{exe: /bin/w}]\n",
	  EW("5:3", "spec has no spiffeID (add spiffeID)") },
	{ WORKLOAD "  spiffeID: http://a.example/w\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "spiffeID is not a SPIFFE ID, it does not begin with spiffe://: "
		     "http://a.example/w (write spiffe://trust-domain/path)") },
	{ WORKLOAD "  spiffeID: spiffe://a.example\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "spiffeID names a whole trust domain, not a workload: spiffe://a.example "
		     "(write spiffe://trust-domain/path)") },
	{ WORKLOAD "  spiffeID: spiffe://a.example/*\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "spiffeID must be exact, without wildcards: spiffe://a.example/* (name one "
		     "identity)") },
	{ WORKLOAD "  spiffeID:\n  select: [{exe: /bin/w}]\n",
	  EW("5:12", "spiffeID is empty (write a value or remove the key)") },
	{ WORKLOAD "  spiffeID: [a]\n  select: [{exe: /bin/w}]\n",
	  EW("5:13", "spiffeID is a list, not a text (write a single value)") },

	/* selectors */
	{ WORKLOAD "  spiffeID: spiffe://a.example/w\n",
	  EW("5:3", "spec has no select (add select)") },
	{ SELECT "{exe: /bin/w}",
	  EW("6:11", "select is not a list (write a list: [value, value], or lines of - value)") },
	{ SELECT "[]",
	  EW("6:11", "select is an empty list (write at least one value or remove the key)") },
	{ SELECT "[/bin/w]",
	  EW("6:12", "an entry of select is not a mapping (write key: value pairs)") },
	{ SELECT "[{}]", EW("6:12", "an entry of select is empty and would match every program "
				    "(name at least one fact, such as exe or user)") },
	{ SELECT "[{exec: /bin/w}]",
	  EW("6:13", "unknown key exec in an entry of select (remove it; an entry of select may "
		     "hold: exe, sha256, user, uid, group, gid, supplementaryGroup, cgroup, unit, "
		     "file, verity, container, script)") },
	{ SELECT "[{not: {uid: 0}}]", EW("6:13", "not is not supported yet (remove it for now)") },
	{ SELECT "[{exe: bin/w}]", EW("6:18", "exe is not a plain absolute path: bin/w (write it "
					      "absolute, without //, /./, /../ and a trailing "
					      "slash)") },
	{ SELECT "[{exe: /usr//bin/w}, {exe: /usr/../w}, {exe: /usr/}, {exe: /./w}]",
	  EW("6:18", "exe is not a plain absolute path: /usr//bin/w (write it absolute, without "
		     "//, /./, /../ and a trailing slash)")
		  EW("6:38", "exe is not a plain absolute path: /usr/../w (write it absolute, "
			     "without //, /./, /../ and a trailing slash)")
			  EW("6:56", "exe is not a plain absolute path: /usr/ (write it absolute, "
				     "without //, /./, /../ and a trailing slash)")
				  EW("6:70", "exe is not a plain absolute path: /./w (write it "
					     "absolute, without //, /./, /../ and a trailing "
					     "slash)") },
	{ SELECT "[{exe: /usr/bin/*}]", EW("6:18", "exe must be one path, without wildcards: "
						   "/usr/bin/* (name each path in an entry of its "
						   "own)") },
	{ SELECT "[{exe: /usr/bin/python3.11}]",
	  EW("6:18", "an interpreter alone is no selector, any script could be it: "
		     "/usr/bin/python3.11 (add user, unit or cgroup)") },
	{ SELECT "[{exe: /usr/bin/python3, user: web}, {exe: /bin/shorty}]", "" },
	{ SELECT "[{exe: /usr/bin/python3, group: web}]",
	  EW("6:12", "the kernel cannot claim a program by this entry (add exe, user, uid, unit or "
		     "cgroup)") },
	{ SELECT "[{sha256: abc}]",
	  EW("6:21", "sha256 is not a digest: abc (write the 64 lower-case "
		     "digits that sha256sum prints)") },
	{ SELECT "[{uid: 1, verity: " DIGEST "}]",
	  EW("6:29", "verity is not a digest: " DIGEST " (write sha256: and 64 lower-case digits, "
		     "as fsverity measure prints them)") },
	{ SELECT "[{uid: 1, verity: sha256:abc}]",
	  EW("6:29", "verity is not a digest: sha256:abc (write sha256: and 64 lower-case digits, "
		     "as fsverity measure prints them)") },
	{ SELECT "[{container: {name: box}}]",
	  EW("6:12", "the kernel knows no containers to claim by (add cgroup: the slice that the "
		     "runtime puts it in, as /machine.slice)") },
	{ SELECT "[{cgroup: /m, container: {runtime: podman}}]",
	  EW("6:36", "container names none (add image, name, id or owner)") },
	{ SELECT "[{cgroup: /m, container: {runtime: rkt, name: box}}]",
	  EW("6:46", "runtime is not known: rkt (write one of: podman, crio, containerd, docker, "
		     "nspawn)") },
	{ SELECT "[{cgroup: /m, container: {owner: alice, name: box}}]",
	  EW("6:36", "name and image of a user's own runtime are that user's word (select by owner "
		     "alone, or by id)") },
	{ SELECT "[{cgroup: /m, container: {id: abc}}]",
	  EW("6:36", "id is not a container's: abc (write all of its 64 digits)") },
	{ SELECT "[{cgroup: /m, container: {name: box}, user: web}]",
	  EW("6:55", "names of users and groups are not a container's (write uid or gid, in the "
		     "host's numbers)") },
	{ SELECT "[{cgroup: /m, container: {name: box}, exe: /bin/w, uid: 7}]", "" },
	{ SELECT "[{script: /s}]",
	  EW("6:21", "a script alone is no selector, whoever starts it can have its interpreter "
		     "run other code (BASH_ENV, PYTHONPATH): /s (add user, unit or cgroup)") },
	{ SELECT "[{script: s, uid: 1}]",
	  EW("6:21", "script is not a plain absolute path: s (write it absolute, without //, /./, "
		     "/../ and a trailing slash)") },
	{ SELECT "[{script: /s, uid: 1}]", "" },
	{ SELECT "[{uid: 1, file: memory}]",
	  EW("6:27", "a file without a name could be anything (add its sha256)") },
	{ SELECT "[{uid: 1, file: disk}]",
	  EW("6:27", "file is not known: disk (write one of: deleted, memory)") },
	{ SELECT "[{exe: /w, file: deleted, sha256: " DIGEST "}]",
	  EW("6:18", "a file without a name has no path (remove exe, name user, unit or cgroup)") },
	{ SELECT "[{uid: -1}]", EW("6:18", "uid is not a number in range: -1 (write a whole number "
					   "from 0 to 4294967294, without quotes)") },
	{ SELECT "[{uid: 4294967295}]",
	  EW("6:18", "uid is not a number in range: 4294967295 (write a whole number from 0 to "
		     "4294967294, without quotes)") },
	{ SELECT "[{uid: \"0\"}, {uid: 010}]",
	  EW("6:18", "uid is not a number in range: 0 (write a whole number from 0 to 4294967294, "
		     "without quotes)")
		  EW("6:30", "uid is not a number in range: 010 (write a whole number from 0 to "
			     "4294967294, without quotes)") },
	{ SELECT "[{user: 1000}]",
	  EW("6:19", "user is a number, not a text: 1000 (put it in quotes if it is meant)") },
	{ SELECT "[{user: w, uid: 1}]",
	  EW("6:27", "user and uid in one entry (keep one of them)") },
	{ SELECT "[{exe: /b, group: w, gid: 1}]",
	  EW("6:37", "group and gid in one entry (keep one of them)") },
	{ SELECT "[{user: a/b}]", EW("6:19", "user is not an account name: a/b (write it as in "
					     "/etc/passwd or /etc/group)") },
	{ SELECT "[{cgroup: /sys/fs/cgroup/a.slice}]",
	  EW("6:21", "cgroup is a path in the cgroup2 tree, not in its mount: "
		     "/sys/fs/cgroup/a.slice (write /a.slice)") },
	{ SELECT "[{cgroup: /}]", EW("6:21", "cgroup is not a plain absolute path: / (write it "
					     "absolute, without //, /./, /../ and a trailing "
					     "slash)") },
	{ SELECT "[{unit: nginx}]", EW("6:19", "unit is not a service: nginx (write a service unit "
					       "such as nginx.service; for others use cgroup)") },
	{ SELECT "[{unit: a@.service}]",
	  EW("6:19", "unit is a template: a@.service (name the instance, or use the cgroup of its "
		     "slice)") },
	{ SELECT "[{group: w}]", EW("6:12", "the kernel cannot claim a program by this entry (add "
					    "exe, user, uid, unit or cgroup)") },

	/* the rest of a workload */
	{ REST "  svid: {ttl: 59s}\n", EW("7:15", "ttl is not a duration in range: 59s (write 60s "
						  "to 30d, as 90s, 30m or 1h)") },
	{ REST "  svid: {ttl: soon}\n", EW("7:15", "ttl is not a duration in range: soon (write "
						   "60s to 30d, as 90s, 30m or 1h)") },
	{ REST "  svid: {ttl: 31d}\n", EW("7:15", "ttl is not a duration in range: 31d (write 60s "
						  "to 30d, as 90s, 30m or 1h)") },
	{ REST "  run: []\n",
	  EW("7:8", "run is an empty list (write at least one value or remove the key)") },
	{ REST "  run: [{}]\n", EW("7:9", "an entry of run is empty and would permit every user "
					  "(name a user or a group)") },
	{ REST "  run: [{exe: /a}]\n",
	  EW("7:10", "unknown key exe in an entry of run (remove it; an entry of run may hold: "
		     "user, uid, group, gid)") },
	{ REST "  run: [{uid: 1, user: a}]\n",
	  EW("7:15", "user and uid in one entry (keep one of them)") },
	{ REST "  svid: {key: host}\n",
	  EW("7:15", "key is not known: host (write one of: program, workload)") },
	{ REST "  claim: cgroup\n",
	  EW("6:12", "claim asks for a fact this entry does not name (add "
		     "that fact to the entry, or remove claim)") },
	{ REST "  claim: all\n", EW("7:10", "claim is not known: all (write one of: exe, user, "
					    "cgroup)") },
	{ REST "  listen: [\"0.0.0.0\"]\n",
	  EW("7:12", "listen is not one listening address: 0.0.0.0 (write one address and one "
		     "port, as 0.0.0.0:8080)") },
	{ REST "  listen: [\"10.0.0.0/8:80\"]\n",
	  EW("7:12", "listen is not one listening address: 10.0.0.0/8:80 (write one address and "
		     "one port, as 0.0.0.0:8080)") },

	/* policies */
	{ POLICY "  inbound: []\n", EP("5:3", "spec has no for (add for)") },
	{ POLICY "  for: spiffe://a.example/*\n",
	  EP("5:8", "for must be exact, without wildcards: spiffe://a.example/* (name one "
		    "identity)") },
	{ INBOUND "{}" OWNER,
	  EP("6:12", "inbound is not a list (write a list: [value, value], or lines of - value)") },
	{ INBOUND "[x]" OWNER,
	  EP("6:13", "an inbound rule is not a mapping (write key: value pairs)") },
	{ INBOUND "[{ports: [1]}]" OWNER, EP("6:13", "the rule names no peer (add from, or open "
						     "with a name, or deny: true)") },
	{ OUTBOUND "[{at: [\"10.0.0.1\"]}]" OWNER,
	  EP("6:14", "the rule names no peer (add to, or open with a name, or deny: true)") },
	{ INBOUND "[{from: []}]" OWNER,
	  EP("6:20", "from is an empty list (write at least one value or remove the key)") },
	{ INBOUND "[{from: spiffe://a.example/x}]" OWNER,
	  EP("6:20", "from is not a list (write a list: [value, value], or lines of - value)") },
	{ INBOUND "[{from: [\"spiffe://a.example/we*\"]}]" OWNER,
	  EP("6:21", "from has a wildcard where none may be: spiffe://a.example/we* (use * for one "
		     "whole segment of the path, or end in /**)") },
	{ INBOUND "[{from: [\"spiffe://a.example/**/x\", \"spiffe://*/x\", \"*\", "
		  "\"spiffe://a.example/*/\"]}]" OWNER,
	  EP("6:21", "from has a wildcard where none may be: spiffe://a.example/**/x (use * for "
		     "one whole segment of the path, or end in /**)")
		  EP("6:48", "from has a wildcard where none may be: spiffe://*/x (use * for one "
			     "whole segment of the path, or end in /**)")
			  EP("6:64", "from has a wildcard where none may be: * (use * for one "
				     "whole segment of the path, or end in /**)")
				  EP("6:69", "from is not a SPIFFE ID pattern, it ends in a slash: "
					     "spiffe://a.example/*/ (write "
					     "spiffe://trust-domain/path, with * for a segment or "
					     "a trailing /**)") },
	{ INBOUND "[{from: [\"spiffe://b.example/**\"]}]" OWNER,
	  EP("6:21", "from has a wildcard over another trust domain: spiffe://b.example/** (name "
		     "each identity of another trust domain exactly)") },
	{ INBOUND "[{from: [\"spiffe://b.example/x\", \"spiffe://a.example/**\"]}]" OWNER, "" },
	{ INBOUND "[{from: [spiffe://a.example/x], ports: [0, 65536, 80-79, http, 1.5, "
		  "\"80 \", 080]}]" OWNER,
	  EP("6:52", "ports is not a port: 0 (write a port of 1 to 65535, or a range as "
		     "8000-8100)")
		  EP("6:55", "ports is not a port: 65536 (write a port of 1 to 65535, or a range "
			     "as 8000-8100)")
			  EP("6:62", "ports is not a port: 80-79 (write a port of 1 to 65535, or a "
				     "range as 8000-8100)")
				  EP("6:69", "ports is not a port: http (write a port of 1 to "
					     "65535, or a range as 8000-8100)")
					  EP("6:75", "ports is not a port: 1.5 (write a port of 1 "
						     "to 65535, or a range as 8000-8100)")
						  EP("6:80", "ports is not a port: 80  (write a "
							     "port of 1 to 65535, or a range as "
							     "8000-8100)")
							  EP("6:87", "ports is not a port: 080 "
								     "(write a port of 1 to 65535, "
								     "or a range as 8000-8100)") },
	{ INBOUND "[{open: m, ports: [1], peers: [\"10.0.0.1:80\"]}]" OWNER,
	  EP("6:43", "peers has a port: 10.0.0.1:80 (remove the port; ports: names those that are "
		     "listened on)") },
	{ INBOUND "[{open: m}]" OWNER, EP("6:13", "an opening names no port (add ports)") },
	{ INBOUND "[{open: m, ports: [1], from: [spiffe://a.example/x]}]" OWNER,
	  EP("6:41", "from with open: an opening knows no identity (remove one of them)") },
	{ INBOUND "[{open: m, ports: [1], alpn: h2}]" OWNER,
	  EP("6:41", "alpn with open: an opening carries no TLS of ours (remove one of them)") },
	{ INBOUND "[{deny: true, ports: [1], open: m}]" OWNER,
	  EP("6:44", "open with deny: they contradict each other (remove one of them)") },
	{ INBOUND "[{deny: yes}]" OWNER,
	  EP("6:20", "deny is neither true nor false: yes (write true or false, without quotes)") },
	{ INBOUND "[{deny: true, alpn: h2}]" OWNER,
	  EP("6:32", "alpn with deny: nothing is negotiated (remove one of them)") },
	{ INBOUND "[{from: [spiffe://a.example/x], sni: a}]" OWNER,
	  EP("6:44", "unknown key sni in an inbound rule (remove it; an inbound rule may hold: "
		     "from, peers, open, over, deny, alpn, reason, ports)") },
	{ INBOUND "[{from: [spiffe://a.example/x], until: 2027-01-01}]" OWNER,
	  EP("6:44", "until is not supported yet (remove it for now)") },
	{ INBOUND "[{from: [spiffe://a.example/x], alpn: \"h2,http/1.1\"}]" OWNER,
	  EP("6:50", "alpn is not one protocol: h2,http/1.1 (write one protocol, such as h2)") },
	{ OUTBOUND "[{to: [spiffe://a.example/x], sni: 10.0.0.1}]" OWNER,
	  EP("6:48", "sni is not a host name: 10.0.0.1 (write a host name in lower case, such as "
		     "db.example)") },
	{ OUTBOUND "[{open: dns}]" OWNER, EP("6:14", "an opening names no address (add at)") },
	{ OUTBOUND "[{open: tls, at: [10.0.0.1]}]" OWNER,
	  EP("6:31", "an opening names no port: 10.0.0.1 (add a port)") },
	{ INBOUND "[{open: dns, ports: [53]}]" OWNER,
	  EP("6:20", "dns is an opening for the other direction (write it under outbound)") },
	{ OUTBOUND "[{open: metrics, at: [\"10.0.0.1:1\"]}]" OWNER,
	  EP("6:21", "metrics is an opening for the other direction (write it under inbound)") },
	{ OUTBOUND "[{open: x, over: quic, at: [\"10.0.0.1:1\"]}]" OWNER,
	  EP("6:30", "over is not known: quic (write one of: tcp, udp, raw, packet, vsock, xdp, "
		     "sctp, dccp, smc, mptcp, kcm, tipc, rds, tun, rdma)") },
	{ OUTBOUND "[{open: x, over: udp, at: [\"10.0.0.1:1\"]}]" OWNER,
	  EP("6:14", "an opening over udp gives no reason (add reason, why nothing authenticated "
		     "will do)") },
	{ OUTBOUND "[{open: x, over: vsock, at: [\"10.0.0.1:1\"], reason: r}]" OWNER,
	  EP("6:41", "at with over: it has no addresses that could be compared (remove one of "
		     "them)") },
	{ INBOUND "[{open: x, over: udp, ports: [1], reason: r}]" OWNER,
	  EP("6:13", "an inbound opening over udp lets send to its peers too, and names none (add "
		     "peers, or [\"*\"] for all)") },
	{ OUTBOUND "[{open: ntp, over: tun}]" OWNER,
	  EP("6:14", "an opening over tun gives no reason (add reason, why nothing authenticated "
		     "will do)") },
	{ INBOUND "[{open: x, over: vsock, reason: r}]" OWNER,
	  EP("6:29", "vsock leads both ways (write it under outbound)") },
	{ OUTBOUND "[{to: [spiffe://a.example/x], over: udp}]" OWNER,
	  EP("6:49", "over without open: only TCP is authenticated (add open with a name, or "
		     "remove over)") },

	/* addresses */
	{ OUTBOUND "[{open: tls, at: [\"api.example:443\"]}]" OWNER,
	  EP("6:31", "at holds a host name: api.example:443 (write the address for now; the agent "
		     "will resolve names in a later version)") },
	{ OUTBOUND "[{open: x, at: [\"10.0.0.256:1\", \"::1:5432:\", \"[::1\", \"[::1]x\", "
		   "\"[10.0.0.1]:1\"]}]" OWNER,
	  EP("6:29", "at is not an address: 10.0.0.256:1 (" FORMS
		     ")") EP("6:45", "at is not an address: ::1:5432: (" FORMS ")")
		  EP("6:58", "at is not an address: [::1 (" FORMS ")")
			  EP("6:66", "at is not an address: [::1]x (" FORMS ")")
				  EP("6:76", "at is not an address: [10.0.0.1]:1 (" FORMS ")") },
	{ OUTBOUND
	  "[{open: x, at: [\"10.0.0.0/33:1\", \"[fd00::/129]:1\", \"10.0.0.0/:1\"]}]" OWNER,
	  EP("6:29", "at has a bad prefix length: 10.0.0.0/33:1 (write a prefix of 0 to 32 bits)")
		  EP("6:46", "at has a bad prefix length: [fd00::/129]:1 (write a prefix of 0 to "
			     "128 bits)")
			  EP("6:64", "at has a bad prefix length: 10.0.0.0/:1 (write a prefix of "
				     "0 to 32 bits)") },
	{ OUTBOUND "[{open: x, at: [\"10.0.0.1/8:1\", \"[fd00::1/8]:1\"]}]" OWNER,
	  EP("6:29", "at has bits set beyond its prefix: 10.0.0.1/8:1 (write 10.0.0.0/8)")
		  EP("6:45", "at has bits set beyond its prefix: [fd00::1/8]:1 (write "
			     "fd00::/8)") },
	{ OUTBOUND "[{open: x, at: [\"[::/0]:1\", \"[::/64]:1\"]}]" OWNER,
	  EP("6:29", "at is a network that IPv4 addresses are part of: [::/0]:1 (write * for any "
		     "address, or 2000::/3)")
		  EP("6:41", "at is a network that IPv4 addresses are part of: [::/64]:1 (write * "
			     "for any address, or 2000::/3)") },
	{ OUTBOUND "[{open: x, at: [\"10.0.0.1:0\", \"10.0.0.1:\", \"[::1]:70000\"]}]" OWNER,
	  EP("6:29", "at has a bad port: 10.0.0.1:0 (write a port of 1 to 65535, or a range as "
		     "8000-8100)")
		  EP("6:43", "at has a bad port: 10.0.0.1: (write a port of 1 to 65535, or a range "
			     "as 8000-8100)")
			  EP("6:56", "at has a bad port: [::1]:70000 (write a port of 1 to 65535, "
				     "or a range as 8000-8100)") },
	{ OUTBOUND "[{open: x, at: [\"10.0.0.1:1-2\", \"[::1]:1\", \"[2001:db8::/32]:1\", \"*:1\", "
		   "\"0.0.0.0/0:1\"]}, {to: [spiffe://a.example/x], at: [\"::1\", \"fd00::/8\", "
		   "\"10.0.0.0/8\", \"*\"]}]" OWNER,
	  "" },

	/* tests */
	{ TESTS "  {}\n",
	  ET("5:3", "spec is not a list (write a list: [value, value], or lines of - "
		    "value)") },
	{ TESTS
	  "  - {from: spiffe://a.example/*, to: spiffe://a.example/w, port: 1, expect: deny}\n",
	  ET("5:12", "from must be exact, without wildcards: spiffe://a.example/* (name one "
		     "identity)") },
	{ TESTS "  - {port: 1, expect: deny}\n",
	  ET("5:5", "the test names no identity (add from, to or both)") },
	{ TESTS "  - {from: spiffe://a.example/w, port: 0, expect: maybe, at: here}\n",
	  ET("5:40", "port is not a number in range: 0 (write a whole number from 1 to 65535, "
		     "without quotes)")
		  ET("5:51", "expect is not known: maybe (write one of: deny, allow, open)")
			  ET("5:62", "at is not one IP address: here (write an address such as "
				     "10.0.0.1 or fd00::1)") },
	{ TESTS "  - {from: spiffe://a.example/w, port: 80-90}\n",
	  ET("5:5", "a test has no expect (add expect)")
		  ET("5:40", "port is not a number in range: 80-90 (write a whole number from 1 to "
			     "65535, without quotes)") },

	/* warnings and what spans documents */
	{ POLICY "  for: spiffe://a.example/w\n",
	  "f.yaml:5:8: warning: Policy/p: no Workload has the identity spiffe://a.example/w "
	  "(correct for, or add the Workload)\n" },
};

static char *print_all(const struct kith_policy_set *set)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (i = 0; i < set->n_diags; i++)
		kith_policy_print_diag(out, &set->diags[i]);
	fclose(out);
	return text;
}

static void complains(void **state)
{
	const struct complaint *c = *state;
	struct kith_policy_set *set = kith_policy_load_text("f.yaml", c->text, strlen(c->text));
	char *said = print_all(set);

	assert_string_equal(said, c->said);
	assert_int_equal(set->n_errors != 0, strstr(c->said, ": error: ") != NULL);
	free(said);
	kith_policy_free(set);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(complaints)];
	char names[COUNT(complaints)][200];
	size_t i, j;

	for (i = 0; i < COUNT(complaints); i++) {
		snprintf(names[i], sizeof(names[i]), "%zu: %s", i,
			 complaints[i].said[0] ? complaints[i].said : "nothing to complain of");
		for (j = 0; names[i][j]; j++)
			if (names[i][j] == '\n' || names[i][j] == '#')
				names[i][j] = ' ';
		tests[i] = (struct CMUnitTest){ .name = names[i],
						.test_func = complains,
						.initial_state = (void *)&complaints[i] };
	}
	return cmocka_run_group_tests_name("policy_diag", tests, NULL, NULL);
}
