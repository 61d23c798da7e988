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
        Assert.NotNull(post.Outbox.TryTake(own.Id));
        for (var i = 1; i < Outbox.Most; i++)
            post.Outbox.Put(post.Message());
        Assert.NotNull(post.Outbox.TryTake(own.Id));
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
        Assert.NotNull(post.Outbox.TryTake(rare.Id));
    }
}
