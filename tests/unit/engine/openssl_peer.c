// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "openssl_peer.h"

struct peer peer_new(bool server, const struct ca *ca)
{
	struct peer peer = { .ctx = SSL_CTX_new(server ? TLS_server_method()
						       : TLS_client_method()) };

	assert_non_null(peer.ctx);
	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(peer.ctx), ca->cert), 1);
	SSL_CTX_set_verify(peer.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return peer;
}

void peer_use(struct peer *peer, X509 *cert, EVP_PKEY *key)
{
	/* Ours are for refusing too: OpenSSL's own opinion of them is not asked. */
	SSL_CTX_set_security_level(peer->ctx, 0);
	assert_int_equal(SSL_CTX_use_certificate(peer->ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(peer->ctx, key), 1);
}

void peer_identity(struct peer *peer, const struct cert_spec *spec, const struct ca *ca,
		   X509 *const more[])
{
	EVP_PKEY *key = pki_key("P-256");
	X509 *cert = pki_issue(spec, key, ca);

	peer_use(peer, cert, key);
	for (; more && *more; more++)
		assert_int_equal(SSL_CTX_add1_chain_cert(peer->ctx, *more), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void peer_open(struct peer *peer, struct pipe *in, struct pipe *out)
{
	peer->in = in;
	peer->out = out;
	peer->ssl = SSL_new(peer->ctx);
	peer->read = BIO_new(BIO_s_mem());
	peer->write = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(peer->read, -1);
	SSL_set_bio(peer->ssl, peer->read, peer->write);
	if (SSL_is_server(peer->ssl))
		SSL_set_accept_state(peer->ssl);
	else
		SSL_set_connect_state(peer->ssl);
}

void peer_free(struct peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ctx);
	ERR_clear_error();
}

static void take(struct peer *peer)
{
	u8 buf[4096];
	size_t n;

	while ((n = pipe_get(peer->in, buf, sizeof(buf))))
		BIO_write(peer->read, buf, n);
}

static void give(struct peer *peer)
{
	u8 buf[4096];
	int n;

	while ((n = BIO_read(peer->write, buf, sizeof(buf))) > 0)
		pipe_put(peer->out, buf, n);
}

static bool failed(struct peer *peer, int ret)
{
	int error = SSL_get_error(peer->ssl, ret);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return false;
	peer->reason = ERR_GET_REASON(ERR_peek_error());
	return true;
}

void peer_step(struct peer *peer)
{
	int ret;

	if (peer->result)
		return;
	take(peer);
	ERR_clear_error();
	ret = SSL_do_handshake(peer->ssl);
	if (ret == 1)
		peer->result = 1;
	else if (failed(peer, ret))
		peer->result = -1;
	give(peer);
}

int peer_read(struct peer *peer, void *buf, int size)
{
	int ret;

	take(peer);
	ERR_clear_error();
	ret = SSL_read(peer->ssl, buf, size);
	if (ret > 0)
		return ret;
	return failed(peer, ret) ? -1 : 0;
}

void peer_write(struct peer *peer, const void *buf, int len)
{
	assert_int_equal(SSL_write(peer->ssl, buf, len), len);
	give(peer);
}

void run_with_peer(struct end *end, struct peer *peer)
{
	for (int i = 0; i < 20; i++) {
		end_step(end);
		peer_step(peer);
	}
}

static const EVP_CIPHER *cipher_of(u16 suite)
{
	switch (suite) {
	case 0x1301:
		return EVP_aes_128_gcm();
	case 0x1302:
		return EVP_aes_256_gcm();
	case 0x1303:
		return EVP_chacha20_poly1305();
	}
	fail();
	return NULL;
}

/* A cipher context for the next record (RFC 8446 5.3). */
static EVP_CIPHER_CTX *start(struct kith_tls_traffic *traffic, u16 suite, bool encrypt,
			     const u8 header[5])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 nonce[12];
	int n;

	memcpy(nonce, traffic->iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= traffic->seq >> (8 * i);
	traffic->seq++;
	assert_int_equal(
		EVP_CipherInit_ex(ctx, cipher_of(suite), NULL, traffic->key, nonce, encrypt), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, NULL, &n, header, 5), 1);
	return ctx;
}

void record_seal(struct kith_tls_traffic *traffic, u16 suite, u8 type, const void *data, size_t len,
		 struct pipe *pipe)
{
	const size_t body = len + 1 + 16;
	u8 header[5] = { 23, 3, 3, body >> 8, body };
	EVP_CIPHER_CTX *ctx = start(traffic, suite, true, header);
	u8 out[1024];
	int n, m;

	assert_true(body <= sizeof(out));
	EVP_CipherUpdate(ctx, out, &n, data, len);
	EVP_CipherUpdate(ctx, out + n, &m, &type, 1);
	EVP_CipherFinal_ex(ctx, out + n + m, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len + 1);
	EVP_CIPHER_CTX_free(ctx);
	pipe_put(pipe, header, sizeof(header));
	pipe_put(pipe, out, body);
}

int record_open(struct kith_tls_traffic *traffic, u16 suite, struct pipe *pipe, u8 *data,
		size_t *len)
{
	EVP_CIPHER_CTX *ctx;
	u8 header[5], in[4096];
	size_t body;
	int n, m;

	assert_int_equal(pipe_get(pipe, header, 5), 5);
	body = header[3] << 8 | header[4];
	assert_true(header[0] == 23 && body > 16 && body <= sizeof(in));
	assert_int_equal(pipe_get(pipe, in, body), body);
	ctx = start(traffic, suite, false, header);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, in + body - 16);
	EVP_CipherUpdate(ctx, data, &n, in, body - 16);
	/* The tag: these are the very keys of the connection. */
	assert_int_equal(EVP_CipherFinal_ex(ctx, data + n, &m), 1);
	EVP_CIPHER_CTX_free(ctx);
	n--;
	while (n > 0 && !data[n])
		n--;
	*len = n;
	return data[n];
}
