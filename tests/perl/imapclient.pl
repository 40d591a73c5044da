# SPDX-License-Identifier: Apache-2.0
# Mail::IMAPClient does a day's work; every result is checked.
# Arguments: port, user, password, file with the certificate.
use strict;
use warnings;
use Mail::IMAPClient;
use Test::More;

my ($port, $user, $password, $certificate) = @ARGV;

sub connected {
	my %more = @_;
	my $imap = Mail::IMAPClient->new(
		Server => 'localhost', Port => $port, User => $user,
		Password => $password, Uid => 1, Timeout => 60,
		Ssl => [ SSL_ca_file => $certificate ], %more
	) or BAIL_OUT("cannot connect: $@");
	return $imap;
}

sub message {
	my ($n, $more) = @_;
	return join "\r\n", 'From: Ann <ann@example.org>',
		'To: Bob <bob@example.net>', "Subject: Letter $n",
		"Message-ID: <p$n\@example.org>",
		sprintf('Date: %02d Feb 2024 12:00:00 +0000', $n),
		'', "Text of letter $n.", $more // 'Bye.', '';
}

my $imap = connected();
ok($imap->IsAuthenticated, 'logged in');
ok($imap->has_capability('IDLE'), 'announces IDLE');
ok($imap->has_capability('UIDPLUS'), 'announces UIDPLUS');
is($imap->separator, '/', 'the separator');

# Mailboxes.
ok($imap->create($_), "create $_") for ('Lists', 'Lists/perl', 'Old news');
my %there = map { $_ => 1 } $imap->folders;
ok($there{$_}, "$_ is listed") for ('INBOX', 'Lists', 'Lists/perl', 'Old news');
ok($imap->exists('Lists/perl'), 'exists');
ok(!$imap->exists('Nowhere'), 'does not exist');
ok($imap->subscribe('Lists/perl'), 'subscribe');
ok((grep { $_ eq 'Lists/perl' } $imap->subscribed), 'is subscribed');
ok($imap->unsubscribe('Lists/perl'), 'unsubscribe');
ok(!(grep { $_ eq 'Lists/perl' } $imap->subscribed), 'is not subscribed');
ok($imap->rename('Old news', 'News'), 'rename');
ok($imap->exists('News') && !$imap->exists('Old news'), 'is renamed');

# Messages in.
my @uids = map {
	$imap->append_string('INBOX', message($_),
		$_ % 2 ? '(\Seen)' : undef, '05-Feb-2024 10:11:12 +0000')
} 1 .. 20;
is_deeply(\@uids, [ 1 .. 20 ], 'APPENDUID of twenty messages');
my $big = message(21, join '', map { "line $_ of a long letter\r\n" } 1 .. 50000);
is($imap->append_string('INBOX', $big), 21, 'append of a long message');
my $utf8 = message(22, "gr\xc3\xbc\xc3\x9fe");
is($imap->append_string('INBOX', $utf8), 22, 'append of 8-bit text');
is($imap->message_count('INBOX'), 22, 'count');
is($imap->unseen_count('INBOX'), 12, 'unseen');

# And out.
ok($imap->select('INBOX'), 'select');
for my $n (1, 2, 20) {
	is($imap->message_string($n), message($n), "message $n as it was");
}
is($imap->message_string(21), $big, 'the long one as it was');
is($imap->message_string(22), $utf8, 'the 8-bit one as it was');
is($imap->size(21), length $big, 'size');
is($imap->subject(5), 'Letter 5', 'subject');
is($imap->internaldate(5), '05-Feb-2024 10:11:12 +0000', 'internal date');
is($imap->bodypart_string(3, 1), "Text of letter 3.\r\nBye.\r\n", 'part');
is($imap->bodypart_string(3, 1, 6, 5), 'of let', 'part of a part');
my $headers = $imap->parse_headers([ 4, 6 ], 'Subject', 'Message-ID');
is($headers->{4}{Subject}[0], 'Letter 4', 'headers of 4');
is($headers->{6}{'Message-ID'}[0], '<p6@example.org>', 'headers of 6');
my $envelope = $imap->get_envelope(7);
is($envelope->subject, 'Letter 7', 'envelope: subject');
is(($envelope->from_addresses)[0], 'Ann <ann@example.org>', 'envelope: from');
is($envelope->messageid, '<p7@example.org>', 'envelope: message id');
my $structure = $imap->get_bodystructure(7);
is($structure->bodytype . '/' . $structure->bodysubtype, 'TEXT/PLAIN', 'structure');
is($structure->textlines, 2, 'structure: lines');

# Flags.
ok($imap->store(8, '+FLAGS', '(\Flagged $Work)'), 'store');
my %flags = map { $_ => 1 } $imap->flags(8);
ok($flags{'\Flagged'} && $flags{'$Work'}, 'flags are set');
ok($imap->store(8, '-FLAGS', '($Work)'), 'store');
ok(!(grep { $_ eq '$Work' } $imap->flags(8)), 'the keyword is gone');
ok($imap->see(10) && $imap->deny_seeing(9), 'see, deny seeing');
my %seen = map { $_ => 1 } $imap->seen;
ok($seen{10} && !$seen{9}, 'seen');

# Searches.
is_deeply([ $imap->search('SUBJECT "letter 1"') ],
	[ 1, 10 .. 19 ], 'search: subject');
is_deeply([ $imap->search('FLAGGED') ], [8], 'search: flagged');
is_deeply([ $imap->search('BODY "line 49999 of"') ], [21], 'search: body');
is_deeply([ $imap->search('SENTSINCE 18-Feb-2024 SENTBEFORE 20-Feb-2024') ],
	[ 18, 19 ], 'search: dates');
is_deeply([ $imap->sort('REVERSE DATE', 'UTF-8', 'UID', '1:5') ],
	[ 5, 4, 3, 2, 1 ], 'sort');
my $threads = $imap->thread('REFERENCES', 'UTF-8', 'UID 1:3');
is(scalar @$threads, 3, 'threads');

# Copies, moves, deletion.
ok($imap->copy('News', 1, 2, 3), 'copy');
ok($imap->move('Lists/perl', [ 4, 5 ]), 'move');
is($imap->message_count('News'), 3, 'copies are there');
is($imap->message_count('Lists/perl'), 2, 'moved are there');
ok($imap->delete_message(6, 7), 'delete');
ok($imap->expunge, 'expunge');
is_deeply([ $imap->messages ], [ 1 .. 3, 8 .. 22 ], 'what is left');
ok($imap->select('News'), 'select News');
is($imap->message_string($_), message($_), "the copy of $_ is the same") for 1 .. 3;

# Two connections, one of them in IDLE.
my $other = connected();
ok($other->select('News'), 'the other selects');
my $idle = $other->idle or BAIL_OUT('idle: ' . $other->LastError);
$imap->append_string('News', message(30));
my @news;
for (1 .. 60) {
	push @news, @{ $other->idle_data(1) || [] };
	last if grep { /\* 4 EXISTS/ } @news;
}
ok((grep { /\* 4 EXISTS/ } @news), 'IDLE tells of new mail');
ok($other->done($idle), 'done');
is($other->message_string(4), message(30), 'the new one is readable');
ok($other->logout, 'logout');

ok(!defined Mail::IMAPClient->new(
	Server => 'localhost', Port => $port, User => $user, Password => 'wrong',
	Ssl => [ SSL_ca_file => $certificate ]), 'a wrong password is refused');

# Compression, where the server has it.
SKIP: {
	skip 'not announced', 2 unless $imap->has_capability('COMPRESS=DEFLATE');
	my $small = connected();
	ok($small->compress, 'compress') or diag($small->LastError);
	$small->select('INBOX');
	is($small->message_string(21), $big, 'a long message through deflate');
	$small->logout;
}

ok($imap->select('INBOX') && $imap->delete('News'), 'delete a mailbox');
ok(!$imap->exists('News'), 'it is gone');
ok($imap->logout, 'logout');
done_testing();
