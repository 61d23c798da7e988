using System.Diagnostics;
using BackupSidecar.Notifications.Webhooks;

namespace BackupSidecar.Tests.Notifications.Webhooks;

/// <summary>Who makes room where more messages wait than are kept.</summary>
public sealed class OutboxTests
{
    [Fact]
    public void Addresses_of_labels_make_room_for_what_the_operator_is_told()
    {
        using var post = new PostOffice("http://127.0.0.1:1/");
        var own = post.Message();
        post.Outbox.Put(own);
        for (var i = 0; i < Outbox.Most + 5; i++)
            post.Outbox.Put(post.LabelMessage($"https://example.com/{i % 3}"));

        Assert.Equal(Outbox.Most, post.Outbox.Count);
        Assert.True(Has(post.Outbox, own.Id));
        for (var i = 1; i < Outbox.Most; i++)
            post.Outbox.Put(post.Message());
        Assert.True(Has(post.Outbox, own.Id));
        post.Outbox.Put(post.LabelMessage("https://example.com/late"));

        Assert.All(Directory.GetFiles(post.Folder), file => Assert.DoesNotContain("example.com", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void The_address_with_the_most_messages_makes_room_for_others()
    {
        using var post = new PostOffice("http://127.0.0.1:1/") { Failure = "http://127.0.0.1:2/" };
        var rare = post.Message() with { Target = "BACKUP_FAILURE_WEBHOOK" };
        post.Outbox.Put(rare);
        for (var i = 0; i < Outbox.Most + 5; i++)
            post.Outbox.Put(post.Message());

        Assert.Equal(Outbox.Most, post.Outbox.Count);
        Assert.True(Has(post.Outbox, rare.Id));
    }

    /// <summary>A program that is just being started has all that we have open, until it has become what it is to be.</summary>
    [Fact]
    public async Task What_was_let_go_of_can_be_taken_at_once_even_while_programs_are_started()
    {
        using var post = new PostOffice("http://127.0.0.1:1/");
        var message = post.Message();
        post.Outbox.Put(message);
        var starting = Task.Run(() =>
        {
            for (var i = 0; i < 300; i++)
            {
                using var program = Process.Start("true");
                program.WaitForExit();
            }
        }, TestContext.Current.CancellationToken);

        while (!starting.IsCompleted)
            Assert.True(Has(post.Outbox, message.Id));
        await starting;
    }

    private static bool Has(Outbox outbox, Guid id)
    {
        using var held = outbox.TryTake(id);
        return held is not null;
    }
}
