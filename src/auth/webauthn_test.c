// SPDX-License-Identifier: Apache-2.0
// WebAuthn: the test vectors of the W3C's recommendation (level 3, section 16),
// an authenticator of our own for all three algorithms, and every mistake.
#include "auth/webauthn.h"

#include "auth/webauthn_test_tools.h"

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

// The bytes of a text in hexadecimal, in `room`.
static struct view hex(const char *text, char *room)
{
	size_t len = strlen(text) / 2;
	for (size_t i = 0; i < len; i++)
		room[i] =
		    (char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return view_of(room, len);
}

// ---- The vectors of the recommendation -------------------------------------

struct vector {
	const char *id;
	const char *create_client_data;
	const char *attestation;
	const char *create_challenge; // base64url, as in the client data
	const char *get_client_data;
	const char *get_data;
	const char *get_challenge;
	const char *signature;
};

// Sections 16.2 ("ES256 Credential with No Attestation") and 16.3 ("… with Self
// Attestation").
static const struct vector vectors[] = {
    {
	"f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4",
	"7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e"
	"6765223a22414d4d507434557878475453746e63647134313759447742466938767049"
	"612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578"
	"616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874"
	"726144617461223a22636c69656e74446174614a534f4e206d61792062652065787465"
	"6e6465642077697468206164646974696f6e616c206669656c647320696e2074686520"
	"6675747572652c207375636820617320746869733a20426b5165446a64635442725842"
	"6941774a544c4535513d3d227d",
	"a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc374"
	"32958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446"
	"ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579b"
	"a6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86cc"
	"b64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b0345"
	"8abf879717c12cc68ed73290af2e2664796b9220",
	"AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA",
	"7b2274797065223a22776562617574686e2e676574222c226368616c6c656e676522"
	"3a224f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a"
	"63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d70"
	"6c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
	"bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900"
	"000000",
	"OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZchXyav01Ag",
	"3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218de"
	"ffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e"
	"331e87",
    },
    {
	"455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c",
	"7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e"
	"6765223a2265476e4374334c55745936366b336a506a796e6962506b31716e66664461"
	"6966715a774c33417032392d55222c226f726967696e223a2268747470733a2f2f6578"
	"616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874"
	"726144617461223a22636c69656e74446174614a534f4e206d61792062652065787465"
	"6e6465642077697468206164646974696f6e616c206669656c647320696e2074686520"
	"6675747572652c207375636820617320746869733a205539685458764b453255526b4d"
	"6e625f3078594856673d3d227d",
	"a363666d74667061636b65646761747453746d74a263616c67266373696758483046"
	"022100ae045923ded832b844cae4d5fc864277c0dc114ad713e271af0f0d371bd3ac54"
	"0221009077a088ed51a673951ad3ba2673d5029bab65b64f4ea67b234321f86fcfac5d"
	"68617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592"
	"a5e0f01452b2e4b55d00000000df850e09db6afbdfab51697791506cfc0020455ef34e"
	"2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca5010203262001"
	"215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5"
	"225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f"
	"2",
	"eGnCt3LUtY66k3jPjynibPk1qnffDaifqZwL3Ap29-U",
	"7b2274797065223a22776562617574686e2e676574222c226368616c6c656e676522"
	"3a225248696843784e534e493352594d45314f7731476d3132786e726b634a5f666670"
	"7637546e2d4a71386773222c226f726967696e223a2268747470733a2f2f6578616d70"
	"6c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144"
	"617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465"
	"642077697468206164646974696f6e616c206669656c647320696e2074686520667574"
	"7572652c207375636820617320746869733a206754623533727a36456853576f6d5847"
	"7a696d4331513d3d227d",
	"bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900"
	"000000",
	"RHihCxNSNI3RYME1Ow1Gm12xnrkcJ_ffpv7Tn-Jq8gs",
	"3044022076691be76a8618976d9803c4cdc9b97d34a7af37e3bdc894a2bf54f040ff"
	"ae850220448033a015296ffb09a762efd0d719a55346941e17e91ebf64c60d439d0b97"
	"44",
    },
};

static void the_vectors_of_the_recommendation_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct auth_webauthn_registration made;
		struct auth_webauthn_state proved;
		struct fault fault = {.rc = RC_OK};
		char id[64], client[1024], object[1024], data[64], sign[128];
		struct buf challenge;
		buf_init(&challenge, 64);
		assert_int_equal(
		    base64url_decode(
			view_of_string(vector->create_challenge), &challenge),
		    RC_OK);
		assert_int_equal(
		    auth_webauthn_register(&site, buf_view(&challenge),
			hex(vector->create_client_data, client),
			hex(vector->attestation, object), &fault, &made),
		    RC_OK);
		assert_view_equal(made.id, hex(vector->id, id));
		assert_int_equal(made.key.algorithm, COSE_ES256);
		buf_reset(&challenge);
		assert_int_equal(
		    base64url_decode(
			view_of_string(vector->get_challenge), &challenge),
		    RC_OK);
		assert_int_equal(
		    auth_webauthn_assert(&site, buf_view(&challenge), &made.key,
			hex(vector->get_client_data, client),
			hex(vector->get_data, data),
			hex(vector->signature, sign), &fault, &proved),
		    RC_OK);
		assert_int_equal(proved.counter, 0);
		assert_false(proved.verified);
		buf_done(&challenge);
	}
}

// ---- Our own authenticator -------------------------------------------------

static enum rc make(struct device *device, struct bufs *bufs, unsigned flags,
    struct auth_webauthn_registration *ret_made)
{
	struct fault fault;
	write_client_data(
	    "webauthn.create", own_challenge, GOOD_ORIGIN, "", &bufs->client);
	write_data(device, "example.org", flags, 7, &bufs->data);
	write_attestation(buf_view(&bufs->data), &bufs->object);
	return auth_webauthn_register(&site, own_challenge,
	    buf_view(&bufs->client), buf_view(&bufs->object), &fault, ret_made);
}

static enum rc prove(struct bufs *bufs, const struct auth_webauthn_key *key,
    struct auth_webauthn_state *ret_state)
{
	struct fault fault;
	return auth_webauthn_assert(&site, own_challenge, key,
	    buf_view(&bufs->client), buf_view(&bufs->data),
	    buf_view(&bufs->signature), &fault, ret_state);
}

static void each_algorithm_registers_and_proves(void **state)
{
	static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct device device;
		struct bufs bufs;
		struct auth_webauthn_registration made;
		struct auth_webauthn_state proved;
		bufs_init(&bufs);
		device_init(&device, algorithms[i], 2048);
		assert_int_equal(
		    make(&device, &bufs,
			PRESENT | VERIFIED | ELIGIBLE | COPIED | WITH_KEY,
			&made),
		    RC_OK);
		assert_view_equal(made.id, VIEW("an id"));
		assert_int_equal(made.key.algorithm, algorithms[i]);
		assert_int_equal(made.state.counter, 7);
		assert_true(made.state.verified && made.state.backed_up);
		write_client_data("webauthn.get", own_challenge, GOOD_ORIGIN,
		    ",\"crossOrigin\":false", &bufs.client);
		write_data(
		    &device, "example.org", PRESENT | EXTRA, 8, &bufs.data);
		sign(&device, buf_view(&bufs.data), buf_view(&bufs.client),
		    &bufs.signature);
		assert_int_equal(prove(&bufs, &made.key, &proved), RC_OK);
		assert_int_equal(proved.counter, 8);
		assert_false(proved.verified || proved.backed_up);
		// Each byte of the signature and of what is signed counts.
		for (size_t k = 0; k < bufs.signature.len; k++) {
			bufs.signature.ptr[k] ^= 1;
			assert_int_equal(
			    prove(&bufs, &made.key, &proved), RC_AUTH);
			bufs.signature.ptr[k] ^= 1;
		}
		bufs.data.ptr[36] ^= 1;
		assert_int_equal(prove(&bufs, &made.key, &proved), RC_AUTH);
		bufs.data.ptr[36] ^= 1;
		buf_add_char(&bufs.client, ' ');
		assert_int_equal(prove(&bufs, &made.key, &proved), RC_AUTH);
		buf_reset(&bufs.signature);
		assert_int_equal(prove(&bufs, &made.key, &proved), RC_AUTH);
		bufs_done(&bufs);
		device_done(&device);
	}
}

static void client_data_is_checked(void **state)
{
	static const struct {
		const char *type;
		const char *origin;
		const char *more;
		enum rc rc;
	} rows[] = {
	    {"webauthn.create", GOOD_ORIGIN, "", RC_OK},
	    {"webauthn.create", GOOD_ORIGIN, ",\"crossOrigin\":false", RC_OK},
	    {"webauthn.create", GOOD_ORIGIN, ",\"new\":[{}]", RC_OK},
	    {"webauthn.get", GOOD_ORIGIN, "", RC_INVALID},
	    {"payment.get", GOOD_ORIGIN, "", RC_INVALID},
	    {"webauthn.create", "https://example.org.evil.example", "",
		RC_INVALID},
	    {"webauthn.create", "https://sub.example.org", "", RC_INVALID},
	    {"webauthn.create", "http://example.org", "", RC_INVALID},
	    {"webauthn.create", "https://example.org:8443", "", RC_INVALID},
	    {"webauthn.create", GOOD_ORIGIN, ",\"crossOrigin\":true",
		RC_INVALID},
	    {"webauthn.create", GOOD_ORIGIN, ",\"crossOrigin\":null",
		RC_INVALID},
	    {"webauthn.create", GOOD_ORIGIN,
		",\"topOrigin\":\"https://evil.example\"", RC_INVALID},
	    {"webauthn.create", GOOD_ORIGIN, ",", RC_SYNTAX},
	    {"webauthn.create", GOOD_ORIGIN, ",\"type\":\"webauthn.create\"",
		RC_SYNTAX},
	};
	struct device device;
	struct bufs bufs;
	struct auth_webauthn_registration made;
	struct fault fault;
	(void)state;
	bufs_init(&bufs);
	device_init(&device, COSE_EDDSA, 0);
	assert_int_equal(
	    make(&device, &bufs, PRESENT | WITH_KEY, &made), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_client_data(rows[i].type, own_challenge, rows[i].origin,
		    rows[i].more, &bufs.client);
		assert_int_equal(auth_webauthn_register(&site, own_challenge,
				     buf_view(&bufs.client),
				     buf_view(&bufs.object), &fault, &made),
		    rows[i].rc);
	}
	const struct view others[] = {VIEW(""), VIEW("another challenge"),
	    VIEW("a challenge of our own, 32 byte"), VIEW("null"), VIEW("[]")};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		write_client_data("webauthn.create", others[i], GOOD_ORIGIN, "",
		    &bufs.client);
		assert_int_equal(auth_webauthn_register(&site, own_challenge,
				     buf_view(&bufs.client),
				     buf_view(&bufs.object), &fault, &made),
		    RC_INVALID);
		// Nor is an empty challenge a challenge.
		assert_int_equal(auth_webauthn_register(&site, VIEW(""),
				     buf_view(&bufs.client),
				     buf_view(&bufs.object), &fault, &made),
		    RC_INVALID);
		assert_int_equal(
		    auth_webauthn_register(&site, own_challenge, others[i],
			buf_view(&bufs.object), &fault, &made),
		    RC_SYNTAX);
	}
	device_done(&device);
	bufs_done(&bufs);
}

static void authenticator_data_is_checked(void **state)
{
	static const struct {
		const char *rp_id;
		unsigned flags;
		enum rc create;
		enum rc get;
	} rows[] = {
	    {"example.org", PRESENT | WITH_KEY, RC_OK, RC_SYNTAX},
	    {"example.org", PRESENT, RC_SYNTAX, RC_OK},
	    {"example.org", PRESENT | WITH_KEY | EXTRA, RC_OK, RC_SYNTAX},
	    {"example.org", PRESENT | EXTRA | ELIGIBLE, RC_SYNTAX, RC_OK},
	    {"example.org", WITH_KEY | VERIFIED, RC_INVALID, RC_INVALID},
	    {"example.org", 0, RC_INVALID, RC_INVALID},
	    {"example.org", PRESENT | WITH_KEY | COPIED, RC_INVALID,
		RC_INVALID},
	    {"example.com", PRESENT | WITH_KEY, RC_INVALID, RC_INVALID},
	};
	struct device device;
	struct buf data;
	struct auth_webauthn_registration made;
	struct fault fault;
	(void)state;
	buf_init(&data, 4096);
	device_init(&device, COSE_ES256, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_data(&device, rows[i].rp_id, rows[i].flags, 1, &data);
		assert_int_equal(auth_webauthn_read_data(site.rp_id,
				     buf_view(&data), true, &fault, &made),
		    rows[i].create);
		assert_int_equal(auth_webauthn_read_data(site.rp_id,
				     buf_view(&data), false, &fault, &made),
		    rows[i].get);
	}
	// Cut anywhere, or with more behind it.
	write_data(
	    &device, "example.org", PRESENT | WITH_KEY | EXTRA, 1, &data);
	for (size_t len = 0; len < data.len; len++)
		assert_int_equal(
		    auth_webauthn_read_data(site.rp_id, view_of(data.ptr, len),
			true, &fault, &made),
		    RC_SYNTAX);
	buf_add_char(&data, '\0');
	assert_int_equal(auth_webauthn_read_data(
			     site.rp_id, buf_view(&data), true, &fault, &made),
	    RC_SYNTAX);
	device_done(&device);
	buf_done(&data);
}

static void keys_are_checked(void **state)
{
	struct device device;
	struct auth_webauthn_key key;
	(void)state;
	// A point that is not on the curve.
	device_init(&device, COSE_ES256, 0);
	assert_int_equal(cose_read_key(buf_view(&device.key), &key), RC_OK);
	device.key.ptr[device.key.len - 1] ^= 1;
	assert_int_equal(
	    cose_read_key(buf_view(&device.key), &key), RC_UNSUPPORTED);
	device.key.ptr[device.key.len - 1] ^= 1;
	device.key.ptr[4] = 0x27; // -8, of another kind of key
	assert_int_equal(
	    cose_read_key(buf_view(&device.key), &key), RC_UNSUPPORTED);
	device.key.ptr[4] = 0x28; // -9
	assert_int_equal(
	    cose_read_key(buf_view(&device.key), &key), RC_UNSUPPORTED);
	device_done(&device);
	static const struct {
		unsigned bits;
		enum rc rc;
	} rows[] = {{1024, RC_UNSUPPORTED}, {2048, RC_OK}, {3072, RC_OK}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		device_init(&device, COSE_RS256, rows[i].bits);
		assert_int_equal(
		    cose_read_key(buf_view(&device.key), &key), rows[i].rc);
		device_done(&device);
	}
	const struct view others[] = {VIEW(""), VIEW("\xa0"), VIEW("\x01"),
	    VIEW("\xa1\x03\x26"), VIEW("\xa1\x03\x26\x00"),
	    VIEW("\xa2\x01\x02\x03\x61\x61")};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(cose_read_key(others[i], &key), RC_SYNTAX);
}

static void a_counter_that_does_not_grow_is_a_copy(void **state)
{
	(void)state;
	assert_false(auth_webauthn_is_copy(0, 0));
	assert_false(auth_webauthn_is_copy(0, 1));
	assert_false(auth_webauthn_is_copy(7, 8));
	assert_true(auth_webauthn_is_copy(7, 7));
	assert_true(auth_webauthn_is_copy(7, 6));
	assert_true(auth_webauthn_is_copy(7, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_vectors_of_the_recommendation_pass),
	    cmocka_unit_test(each_algorithm_registers_and_proves),
	    cmocka_unit_test(client_data_is_checked),
	    cmocka_unit_test(authenticator_data_is_checked),
	    cmocka_unit_test(keys_are_checked),
	    cmocka_unit_test(a_counter_that_does_not_grow_is_a_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
